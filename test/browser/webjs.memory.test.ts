/** A session whose browser has grown too much: restarted in good order, with sends held. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import type { EngineError } from '../../bridge/src/engine/engine.ts';
import type { SendReceipt } from '../../bridge/src/engine/engine-operations.ts';
import { BridgeAtTest } from './bridge-at-test.ts';
import { browserTree, untilEnded } from './processes.ts';
import { bobOf, SessionAtTest } from './session-at-test.ts';

const LONG = 180_000;
const MIB = 1024 ** 2;
/** A session on the stand-in page uses about 200 MiB. */
const CEILING = 450 * MIB;
const GROWS_BY = 400;
const ENOUGH = 60_000;

let close: () => Promise<void>;
afterEach(() => close(), LONG);

test(
  'sends under way come back, none begins, and the next browser reports and sends what is left, everything once',
  async () => {
    const session = await SessionAtTest.open();
    close = () => session.close();
    const { network } = session.standin;
    const { engine, recording } = await session.linked({}, { memory: { ceilingBytes: CEILING, everyMs: 600 } });
    const { pids } = await browserTree(session.profileFolder);
    const memory = async () => (await engine.health()).checks.find(({ name }) => name === 'memory');
    const end = Date.now() + 2 * ENOUGH;
    while ((await memory())?.state === 'unknown' && Date.now() < end) await wait(100);
    expect(await memory()).toMatchObject({ state: 'ok', detail: expect.stringContaining('the limit is 450 MiB') });

    network.holdsAcks = true;
    const texts: string[] = [];
    const send = (): Promise<SendReceipt> => {
      const text = `message ${texts.length + 1}`;
      texts.push(text);
      return engine.perform(
        'message.sendText',
        { chatId: bobOf(session), text },
        engine.chooseMessageId(bobOf(session)),
      );
    };
    const underWay = [send(), send()];
    await session.inbox(2);
    await session.standin.pageOf(session.me).grow(GROWS_BY);
    // Sends begin as long as they may; the first that may not was not sent.
    let refused: EngineError | null = null;
    while (refused === null) {
      if (Date.now() > end) throw new Error(`sends were never held: ${JSON.stringify(await memory())}`);
      const sending = send();
      refused = await Promise.race([
        sending.then(
          () => null,
          (error: EngineError) => error,
        ),
        wait(250, null),
      ]);
      if (refused === null) underWay.push(sending);
      // A page that has just grown may be too busy for a moment, and takes nothing either.
      else if (refused.message.includes('is busy')) {
        texts.pop();
        refused = null;
        await wait(250);
      }
    }
    expect(refused).toMatchObject({
      outcome: 'defer',
      message: expect.stringMatching(/used \d+ MiB, more than the limit/),
    });
    const held = texts.pop() as string;
    expect(recording.signals.filter(({ kind }) => kind === 'interrupted')).toEqual([]);
    network.say(session.bob, session.me, 'said before the restart');
    network.holdsAcks = false;
    for (const receipt of await Promise.all(underWay)) expect(receipt.messageId).toMatch(/^true_/);

    expect((await recording.untilSignal('interrupted')).reason).toMatch(/used \d+ MiB, more than the limit of 450 MiB/);
    network.say(session.bob, session.me, 'said during the restart');
    await recording.untilSignal('ready', 2);
    await untilEnded(pids);
    texts.push(held);
    await engine.perform(
      'message.sendText',
      { chatId: bobOf(session), text: held },
      engine.chooseMessageId(bobOf(session)),
    );
    for (const text of ['said before the restart', 'said during the restart'])
      await recording.untilMessage((message) => message.text === text);

    expect(session.received().map(({ text }) => text)).toEqual(texts);
    expect(recording.signals.filter(({ kind }) => kind === 'crashed')).toEqual([]);
    expect(recording.signals.filter(({ kind }) => kind === 'qr')).toHaveLength(1);
    const after = await browserTree(session.profileFolder);
    expect(after.pids.length).toBeGreaterThan(2);
    expect(after.pids.filter((pid) => pids.includes(pid))).toEqual([]);
  },
  LONG,
);

test(
  'a stop in the middle of the restart leaves no browser',
  async () => {
    const session = await SessionAtTest.open();
    close = () => session.close();
    const { engine, recording } = await session.linked({}, { memory: { ceilingBytes: 1, everyMs: 300 } });
    await recording.untilSignal('interrupted');
    await engine.stop();
    expect((await browserTree(session.profileFolder)).pids).toEqual([]);
    await wait(1_000);
    expect((await browserTree(session.profileFolder)).pids).toEqual([]);
    expect(recording.signals.filter(({ kind }) => kind === 'crashed')).toEqual([]);
  },
  LONG,
);

test(
  'through the whole bridge: the state says why, and what the outbox holds arrives once, in order',
  async () => {
    const stage = await BridgeAtTest.open({ WABRIDGE_SESSION_MEMORY_MAX_BYTES: String(CEILING) });
    close = () => stage.close();
    await stage.bridge.start();
    await stage.link(['grows']);
    const { network } = stage.standin;
    const bob = network.addAccount('4915110000002', 'Bob');
    network.ackDelayMs = 300;
    await stage.standin.pageOf(stage.accounts.get('grows')!).grow(GROWS_BY);

    const texts: string[] = [];
    const restarted = async () =>
      (await stage.events()).find(
        ({ type, data }) => type === 'session.state_changed' && String(data['reason']).includes('more than the limit'),
      );
    // Sends go on all the while, so that some are under way whenever it happens.
    const end = Date.now() + 2 * ENOUGH;
    while (!(await restarted())) {
      if (Date.now() > end) throw new Error(`it was never restarted:\n${stage.bridge.output}`);
      texts.push(`message ${texts.length + 1}`);
      await stage.bridge.client.request('POST', '/v1/messages', {
        body: { session: 'grows', type: 'text', to: `+${bob.phone}`, text: texts.at(-1) },
        headers: { 'idempotency-key': `key-${texts.length}` },
      });
      await wait(350);
    }
    expect((await restarted())?.data).toMatchObject({ from: 'ready', to: 'reconnecting' });
    await stage.until('everything to arrive', async () => bob.inbox.length >= texts.length);
    await stage.untilReady();
    expect(bob.inbox.map(({ body }) => body)).toEqual(texts);
    const sent = await stage.until('the last word on each', async () => {
      const found = (await stage.events()).filter(({ type }) => type === 'message.sent');
      return found.length >= texts.length && found;
    });
    expect(sent.map(({ data }) => data['text'])).toEqual(texts);
    const log = await stage.events();
    expect(log.filter(({ type }) => type === 'message.failed' || type === 'outbox.failed')).toEqual([]);
  },
  LONG,
);
