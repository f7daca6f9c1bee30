/**
 * The browser, and the bridge with it, killed at each state of a send through WhatsApp Web. The oracle is the stand-in in
 * this process: it sees what arrived, under which id. `test/conformance/outbox-kill.test.ts` has the same for the outbox
 * alone.
 */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { newMediaId } from '../../bridge/src/contract/ids.ts';
import type { Account } from '../standin/account.ts';
import { BridgeAtTest } from './bridge-at-test.ts';
import { browserTree, untilEnded } from './processes.ts';

const SESSION = 'phone';
const VICTIMS = ['browser', 'bridge'] as const;

jest.setTimeout(180_000);

interface Row {
  readonly id: string;
  readonly state: string;
}

let at: BridgeAtTest;
let me: Account;
let people = 0;

beforeAll(async () => {
  at = await BridgeAtTest.open();
  await at.bridge.start();
  await at.link([SESSION]);
  me = at.accounts.get(SESSION) as Account;
});
afterAll(() => at.close());

async function send(body: object): Promise<string> {
  const { id } = await at.bridge.client.request<Row>('POST', '/v1/messages', {
    body: { session: SESSION, ...body },
    headers: { 'idempotency-key': randomUUID() },
  });
  return id;
}

async function file(): Promise<string> {
  const path = join(at.bridge.dataDir, 'notes.pdf');
  await writeFile(path, '%PDF-1.4\nnotes');
  const mediaId = newMediaId();
  await at.bridge.client.upload(`/v1/media/${mediaId}`, path, { query: { fileName: 'notes.pdf' } });
  return mediaId;
}

const stateOf = async (id: string): Promise<string> =>
  (await at.bridge.client.request<Row>('GET', `/v1/messages/${id}`)).state;
const untilState = (id: string, ...states: readonly string[]): Promise<string> =>
  at.until(`the message to be ${states.join(' or ')}`, async () => {
    const state = await stateOf(id);
    return states.includes(state) && state;
  });

async function kill(victim: (typeof VICTIMS)[number]): Promise<void> {
  const { browser, pids } = await browserTree(at.profileOf(SESSION));
  if (victim === 'bridge') await at.bridge.kill();
  else process.kill(browser as number, 'SIGKILL');
  await untilEnded(pids);
}

interface State {
  readonly state: string;
  readonly type: 'text' | 'document';
  /** Makes the next send stop at the state. */
  readonly hold: () => Promise<void> | void;
  /** Resolves once the send has come to the state, by what the page or the network shows. */
  readonly reached: (to: Account) => Promise<unknown>;
  readonly release: () => void;
  /** Messages that have arrived by then. */
  readonly left: 0 | 1;
}

/** A step of the send in the page, at which it stops. */
const stopsAt = (path: string): Pick<State, 'hold' | 'reached'> => ({
  hold: () => at.standin.pageOf(me).hang(path),
  reached: () => at.until(`${path} to be called`, async () => (await at.standin.pageOf(me).heldCalls(path)) > 0),
});
const nothing = (): void => undefined;
/** Stanzas that the server has seen from the page. */
const stanzas = (): number => [...me.devices].reduce((sum, { ids }) => sum + ids.size, 0);
let before = 0;

const STATES: readonly State[] = [
  {
    state: 'while the page prepares the message',
    type: 'text',
    ...stopsAt('WAWebMsgKey.newId'),
    release: nothing,
    left: 0,
  },
  {
    state: 'while the page uploads a file',
    type: 'document',
    ...stopsAt('WAWebMediaMmsV4Upload.uploadMedia'),
    release: nothing,
    left: 0,
  },
  {
    state: 'when the page holds it and the server does not',
    type: 'text',
    hold: () => {
      before = stanzas();
      at.standin.network.swallows = true;
    },
    reached: () => at.until('the page to send it', async () => stanzas() > before),
    release: () => (at.standin.network.swallows = false),
    left: 0,
  },
  {
    state: 'when the server has it and has not said so',
    type: 'document',
    hold: () => void (at.standin.network.holdsAcks = true),
    reached: (to) => at.until('the message to arrive', async () => to.inbox.length > 0),
    release: () => (at.standin.network.holdsAcks = false),
    left: 1,
  },
];

describe.each(VICTIMS)('the %s is killed', (victim) => {
  test.each(STATES)(
    '$state: it arrives once, and the next of its chat after it',
    async ({ type, hold, reached, release, left }) => {
      people += 1;
      const to = at.standin.network.addAccount(`4915177700${String(100 + people)}`, `Person ${people}`);
      const content =
        type === 'text'
          ? { type, text: 'first' }
          : { type, mediaId: await file(), text: 'first', fileName: 'notes.pdf' };
      await hold();
      const first = await send({ to: `+${to.phone}`, ...content });
      const second = await send({ to: `+${to.phone}`, type: 'text', text: 'second' });
      await reached(to);
      // The kill hit the state that it is named after.
      expect([await stateOf(first), await stateOf(second)]).toEqual(['sending', 'queued']);
      expect(to.inbox).toHaveLength(left);
      await kill(victim);
      release();
      if (victim === 'bridge') await at.bridge.start();

      for (const id of [first, second]) await untilState(id, 'accepted', 'delivered', 'read');
      expect(to.inbox.map(({ caption, body }) => caption ?? body)).toEqual(['first', 'second']);
      expect(new Set(to.inbox.map(({ stanza }) => stanza)).size).toBe(2);
      const log = await at.events();
      expect(log.filter((event) => event.data['outboxId'] === first && event.type === 'message.sent')).toHaveLength(1);
      expect(log.filter((event) => event.data['outboxId'] === first && event.type.startsWith('outbox.'))).toEqual([]);
    },
  );
});
