/** A message that was in doubt and waits to be sent again: it may have left, whatever becomes of it now. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { OutboxId } from '../../../bridge/src/contract/ids.ts';
import { EngineError } from '../../../bridge/src/engine/engine.ts';
import { MovedClock } from './moved-clock.ts';
import type { HarnessOptions, OpenOutbox } from './outbox-harness.ts';
import { ALICE, SESSION } from './outbox-samples.ts';
import { Network } from './scripted-network.ts';
import { OutboxLives } from './outbox-lives.ts';

jest.setTimeout(60_000);

const DAY = 24 * 3600;
const { begin, end, start } = new OutboxLives();
let clock: MovedClock;
beforeEach(begin);
beforeEach(() => {
  clock = new MovedClock();
});
afterEach(end);

const failures = (outbox: OpenOutbox) => outbox.events('outbox.failed');

/** A message whose only send broke off: nobody knows whether it left. */
async function inDoubt(options: HarnessOptions = {}): Promise<{ outbox: OpenOutbox; id: OutboxId }> {
  const network = new Network();
  network.sendStatus = () => 'unknown';
  network.scripts.push(() => {
    throw new EngineError('unknown', 'WAB_SESSION_NOT_READY', 'the page died');
  });
  const outbox = await start({
    network,
    clock,
    limits: { maxAgeMs: DAY * 1000 },
    expiryMs: 30 * DAY * 1000,
    ...options,
  });
  const { id } = await outbox.accept('hello', ALICE, SESSION);
  await outbox.until(id, 'in_doubt');
  return { outbox, id: id as OutboxId };
}

async function putBackWhileAway(): Promise<{ outbox: OpenOutbox; id: OutboxId }> {
  const { outbox, id } = await inDoubt();
  outbox.sessions.down();
  await outbox.service.resolve(id, 'resend');
  return { outbox, id };
}

describe('that waits to be sent again', () => {
  test('is in doubt again, not failed, when it has waited too long', async () => {
    const { outbox, id } = await putBackWhileAway();
    clock.forward(DAY + 1);
    await outbox.maintenance.runOnce();
    expect(await outbox.service.get(id)).toMatchObject({ state: 'in_doubt', error: { code: 'WAB_SEND_IN_DOUBT' } });
    expect(await failures(outbox)).toEqual([]);
  });

  test('is in doubt again, not failed, when its session is deleted', async () => {
    const { outbox, id } = await putBackWhileAway();
    outbox.sessions.forget();
    await outbox.maintenance.runOnce();
    expect(await outbox.service.get(id)).toMatchObject({ state: 'in_doubt', error: { code: 'WAB_SEND_IN_DOUBT' } });
    expect(await failures(outbox)).toEqual([]);
  });

  test('is in doubt again, not failed, where WhatsApp refuses it', async () => {
    const { outbox, id } = await putBackWhileAway();
    outbox.network.scripts.push(() => {
      throw new EngineError('fail', 'WAB_SEND_REFUSED', 'no');
    });
    outbox.sessions.up();
    await outbox.untilThat(id, ({ state, attempts }) => state !== 'sending' && attempts === 2);
    expect(await outbox.service.get(id)).toMatchObject({ state: 'in_doubt', error: { code: 'WAB_SEND_IN_DOUBT' } });
    expect(await failures(outbox)).toEqual([]);
  });
});

test('each time that it is in doubt again is an event, although nothing was sent in between', async () => {
  const { outbox, id } = await putBackWhileAway();
  for (let doubts = 1; doubts < 4; doubts += 1) {
    expect(await outbox.events('outbox.in_doubt')).toHaveLength(doubts);
    clock.forward(DAY + 1);
    await outbox.maintenance.runOnce();
    expect(await outbox.service.get(id)).toMatchObject({ state: 'in_doubt', attempts: 1 });
    await outbox.service.resolve(id, 'resend');
  }
});

describe('that was put back by hand long after it was accepted', () => {
  const onMonday = async (): Promise<{ outbox: OpenOutbox; id: OutboxId }> => {
    const { outbox, id } = await inDoubt();
    clock.forward(3 * DAY);
    return { outbox, id };
  };

  test('waits for its session as long as a new one', async () => {
    const { outbox, id } = await onMonday();
    outbox.sessions.down();
    await outbox.service.resolve(id, 'resend');
    clock.forward(DAY - 60);
    await outbox.maintenance.runOnce();
    expect((await outbox.service.get(id)).state).toBe('queued');
    outbox.sessions.up();
    await outbox.until(id, 'accepted');
    expect(outbox.network.texts()).toEqual(['hello']);
  });

  test('is not given up where it has to be put off once', async () => {
    const { outbox, id } = await onMonday();
    outbox.network.scripts.push(() => {
      throw new EngineError('defer', 'WAB_QUOTED_UNKNOWN', 'not now');
    });
    await outbox.service.resolve(id, 'resend');
    await outbox.until(id, 'accepted');
    expect(outbox.network.texts()).toEqual(['hello']);
  });
});
