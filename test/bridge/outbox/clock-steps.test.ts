/** A clock that is set back or forward by two hours, as by an operator or NTP, while messages wait. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { EngineError } from '../../../bridge/src/engine/engine.ts';
import { MovedClock } from './moved-clock.ts';
import { ALICE, BOB } from './outbox-samples.ts';
import { Network } from './scripted-network.ts';
import { OutboxLives } from './outbox-lives.ts';

jest.setTimeout(60_000);

const TWO_HOURS = 2 * 3600;
const { begin, end, start } = new OutboxLives();
let clock: MovedClock;
beforeEach(begin);
beforeEach(() => {
  clock = new MovedClock();
});
afterEach(end);

test.each([-TWO_HOURS, TWO_HOURS])('moved by %i s: what was accepted before is sent, in its order', async (step) => {
  const outbox = await start({ clock, limits: { maxAgeMs: 1e9 } }, false);
  const before = await outbox.accept('before');
  clock.forward(step);
  const after = await outbox.accept('after');
  outbox.sessions.up();
  await outbox.until(before.id, 'accepted');
  await outbox.until(after.id, 'accepted');
  expect(outbox.network.texts()).toEqual(['before', 'after']);
});

test.each([-TWO_HOURS, TWO_HOURS])('moved by %i s: what waits for its next attempt is tried again', async (step) => {
  const network = new Network();
  network.scripts.push(() => {
    throw new EngineError('defer', 'WAB_QUOTED_UNKNOWN', 'not now');
  });
  const outbox = await start({ network, clock, limits: { maxAgeMs: 1e9 } });
  const { scheduler } = outbox;
  const wakeAt = scheduler.wakeAt.bind(scheduler);
  const appointed = new Promise<void>((resolve) => {
    scheduler.wakeAt = async (session, at) => {
      await wakeAt(session, at);
      resolve();
    };
  });
  const first = await outbox.accept('first');
  await outbox.untilThat(first.id, ({ state, attempts }) => state === 'queued' && attempts === 1);
  await appointed;
  clock.forward(step);
  // Nothing wakes the lane but the appointment that it has already.
  await outbox.until(first.id, 'accepted');
  const second = await outbox.accept('second');
  await outbox.until(second.id, 'accepted');
  expect(network.texts(ALICE)).toEqual(['first', 'second']);
});

test('set back while the lane rests after an error of the bridge: it goes on', async () => {
  let failing = false;
  const outbox = await start({
    clock,
    wrap: (database) =>
      Object.assign(Object.create(database) as typeof database, {
        write: (work: never) => (failing ? Promise.reject(new Error('disk trouble')) : database.write(work)),
      }),
  });
  outbox.network.scripts.push((_message, _messageId, deliver) => {
    failing = true;
    setTimeout(() => {
      clock.forward(-TWO_HOURS);
      failing = false;
    }, 100);
    return deliver();
  });
  const { id } = await outbox.accept('hello', BOB);
  await outbox.until(id, 'accepted');
  expect(outbox.network.texts()).toEqual(['hello']);
});
