/** A send that waits has a deadline: it leaves before it, or never. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { OutboxId } from '../../../bridge/src/contract/ids.ts';
import { EngineError } from '../../../bridge/src/engine/engine.ts';
import type { HarnessOptions, OpenOutbox } from './outbox-harness.ts';
import { ALICE, BOB, SESSION } from './outbox-samples.ts';
import { Network } from './scripted-network.ts';
import { MovedClock } from './moved-clock.ts';
import { OutboxLives } from './outbox-lives.ts';

jest.setTimeout(60_000);

const { begin, end, start } = new OutboxLives();
beforeEach(begin);
afterEach(end);

let clock: MovedClock;
beforeEach(() => {
  clock = new MovedClock();
});
const open = (options: HarnessOptions = {}, ready = true): Promise<OpenOutbox> => start({ clock, ...options }, ready);
const failures = async (outbox: OpenOutbox) => (await outbox.events('outbox.failed')).map(({ data }) => data);

describe('a message that waits', () => {
  test('fails at its deadline by the clock alone, with its own code and event, while its session is away', async () => {
    const outbox = await open({ maintenance: { everyMs: 1e9, expireEveryMs: 10 } }, false);
    outbox.maintenance.start();
    const soon = await outbox.accept('soon', ALICE, SESSION, 30);
    const late = await outbox.accept('late', ALICE, SESSION, 90);
    expect(Date.parse(soon.expiresAt ?? '') - Date.parse(soon.createdAt)).toBeLessThanOrEqual(30_000);
    clock.forward(31);
    const failed = await outbox.until(soon.id, 'failed');
    expect(failed.error?.code).toBe('WAB_SEND_EXPIRED');
    expect(await failures(outbox)).toEqual([
      { outboxId: soon.id, code: 'WAB_SEND_EXPIRED', reason: failed.error?.message },
    ]);
    outbox.sessions.up();
    await outbox.until(late.id, 'accepted');
    expect(outbox.network.texts()).toEqual(['late']);
  });

  test('is not sent by a lane that is woken after its deadline, and frees its chat', async () => {
    const outbox = await open({}, false);
    const expired = await outbox.accept('expired', ALICE, SESSION, 30);
    clock.forward(31);
    const next = await outbox.accept('next', ALICE, SESSION, 30);
    outbox.sessions.up();
    await outbox.until(next.id, 'accepted');
    expect((await outbox.service.get(expired.id as OutboxId)).error?.code).toBe('WAB_SEND_EXPIRED');
    expect(outbox.network.texts()).toEqual(['next']);
  });

  test('behind another one of its chat expires by itself', async () => {
    const network = new Network();
    const outbox = await open({ network });
    const release = network.holdNext();
    const first = await outbox.accept('first');
    await outbox.until(first.id, 'sending');
    const second = await outbox.accept('second', ALICE, SESSION, 30);
    clock.forward(31);
    await outbox.maintenance.expire();
    expect((await outbox.until(second.id, 'failed')).error?.code).toBe('WAB_SEND_EXPIRED');
    release();
    await outbox.until(first.id, 'accepted');
    expect(network.texts()).toEqual(['first']);
  });

  test('that expires frees the chat for what waits behind it', async () => {
    const network = new Network();
    network.scripts.push(() => {
      throw new EngineError('defer', 'WAB_SEND_REFUSED', 'slow down', { retryAfterMs: 3_600_000 });
    });
    const outbox = await open({ network, limits: { maxAgeMs: 1e9 } });
    const first = await outbox.accept('first', ALICE, SESSION, 30);
    await outbox.untilThat(first.id, ({ attempts, state }) => attempts === 1 && state === 'queued');
    const second = await outbox.accept('second');
    clock.forward(31);
    await outbox.maintenance.expire();
    // The reason is the last one that is known.
    expect((await outbox.until(first.id, 'failed')).error?.message).toContain('slow down');
    await outbox.until(second.id, 'accepted');
    expect(network.texts()).toEqual(['second']);
  });

  test('is not sent where its deadline passed while its recipient was looked up', async () => {
    const network = new Network();
    const outbox = await open({ network }, false);
    const { id } = await outbox.accept('hello', ALICE, SESSION, 30);
    network.resolve = (chatId) => {
      clock.forward(31);
      return { chatId };
    };
    outbox.sessions.up();
    expect((await outbox.until(id, 'failed')).error?.code).toBe('WAB_SEND_EXPIRED');
    expect(network.sent).toEqual([]);
  });

  test('has the deadline of the bridge where the request names none', async () => {
    const outbox = await open({ expiryMs: 5_000 }, false);
    const { createdAt, expiresAt } = await outbox.accept('hello');
    const lasts = Date.parse(expiresAt ?? '') - Date.parse(createdAt);
    expect(lasts).toBeLessThanOrEqual(5_000);
    expect(lasts).toBeGreaterThan(3_000);
  });

  test('keeps its deadline over a restart', async () => {
    const before = await open({}, false);
    const { id } = await before.accept('hello', BOB, SESSION, 30);
    await before.close();
    clock.forward(31);
    const outbox = await open();
    expect((await outbox.until(id, 'failed')).error?.code).toBe('WAB_SEND_EXPIRED');
    expect(outbox.network.sent).toEqual([]);
  });
});

describe('a message that may have left', () => {
  const lost = (network: Network, sendStatus: 'sent' | 'absent' | 'unknown'): void => {
    network.sendStatus = () => sendStatus;
    network.scripts.push(() => {
      clock.forward(31);
      throw new EngineError('unknown', 'WAB_SESSION_NOT_READY', 'the page died');
    });
  };

  test.each([
    ['sent', 'accepted'],
    ['unknown', 'in_doubt'],
    ['absent', 'failed'],
  ] as const)('and is %s ends as %s, whatever its deadline', async (sendStatus, state) => {
    const network = new Network();
    lost(network, sendStatus);
    const outbox = await open({ network });
    const { id } = await outbox.accept('hello', ALICE, SESSION, 30);
    await outbox.untilThat(id, (message) => message.state !== 'sending' && message.attempts > 0);
    await outbox.maintenance.expire();
    const message = await outbox.until(id, state);
    expect(message.error?.code ?? null).toBe(
      { sent: null, unknown: 'WAB_SEND_IN_DOUBT', absent: 'WAB_SEND_EXPIRED' }[sendStatus],
    );
    expect(network.sent).toEqual([]);
  });

  test('does not expire while it is being sent', async () => {
    const network = new Network();
    const outbox = await open({ network });
    const release = network.holdNext();
    const { id } = await outbox.accept('hello', ALICE, SESSION, 30);
    await outbox.until(id, 'sending');
    clock.forward(31);
    await outbox.maintenance.expire();
    expect((await outbox.service.get(id as OutboxId)).state).toBe('sending');
    release();
    await outbox.until(id, 'accepted');
  });

  test('stays in doubt past its deadline under the policy `resend`, and a person can still send it', async () => {
    const network = new Network();
    lost(network, 'unknown');
    const outbox = await open({ network, inDoubtPolicy: 'resend' });
    const { id } = await outbox.accept('hello', ALICE, SESSION, 30);
    await outbox.until(id, 'in_doubt');
    await outbox.maintenance.expire();
    expect((await outbox.service.get(id as OutboxId)).state).toBe('in_doubt');
    expect(network.sent).toEqual([]);
    expect(await outbox.service.resolve(id as OutboxId, 'resend')).toMatchObject({ expiresAt: null });
    await outbox.until(id, 'accepted');
    expect(network.texts()).toEqual(['hello']);
  });

  test('and waits to be sent again by that policy is in doubt again at its deadline, not failed', async () => {
    const network = new Network();
    network.sendStatus = () => 'unknown';
    const outbox = await open({ network, inDoubtPolicy: 'resend' });
    network.scripts.push(() => {
      outbox.sessions.unlink();
      throw new EngineError('unknown', 'WAB_SESSION_NOT_READY', 'the page died');
    });
    const { id } = await outbox.accept('hello', ALICE, SESSION, 30);
    await outbox.untilThat(id, ({ state, attempts }) => state === 'queued' && attempts === 1);
    clock.forward(31);
    await outbox.maintenance.expire();
    expect((await outbox.service.get(id as OutboxId)).state).toBe('in_doubt');
    expect(await failures(outbox)).toEqual([]);
  });
});
