/** Which messages are waited for, and how often the page is asked for them. */
import { beforeEach, expect, test } from '@jest/globals';
import type { MessageId } from '../../../../../bridge/src/contract/ids.ts';
import { DEADLINES, TransportError } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import type { RawMessage } from '../../../../../bridge/src/engine/webjs/inbound/raw-message.ts';
import type { UndecryptedMessage } from '../../../../../bridge/src/engine/webjs/login/profile.ts';
import { Undecrypted } from '../../../../../bridge/src/engine/webjs/inbound/undecrypted.ts';
import { ManualClock } from '../../../sessions/fake-engine.ts';
import type { PageCalls } from '../../../../../bridge/src/engine/webjs/page/page-calls.ts';

const ROUND = DEADLINES.undecrypted;
const DAY_S = 24 * 3600;
const TWO_HOURS = 7_200_000;
const id = (name: string | number): MessageId => `false_1@c.us_${name}` as MessageId;

let clock: ManualClock;
let asked: string[][];
let readable: Set<string>;
let found: string[];
let away: boolean;
let undecrypted: Undecrypted;

function make(remembered: readonly UndecryptedMessage[] = []): Undecrypted {
  const call = async (_fn: unknown, _ms: number, ids: string[]): Promise<unknown> => {
    asked.push(ids);
    if (away) throw new TransportError('the page is away');
    return ids.filter((each) => readable.has(each)).map((messageId) => ({ messageId, message: { messageId } }));
  };
  return new Undecrypted(
    {
      page: () => ({ call }) as unknown as PageCalls,
      deadlines: DEADLINES,
      decrypted: (raw: RawMessage) => {
        const { messageId } = raw as unknown as { messageId: MessageId };
        found.push(messageId);
        undecrypted.settle(messageId);
      },
      stopped: new AbortController().signal,
      clock,
      serverClock: clock.server,
    },
    remembered,
  );
}
const now = (): number => clock.now() / 1000;

beforeEach(() => {
  clock = new ManualClock();
  asked = [];
  readable = new Set();
  found = [];
  away = false;
  undecrypted = make();
});

test('a message is asked for until it can be read, less and less often', async () => {
  void undecrypted.watch();
  await clock.pass(ROUND);
  expect(asked).toEqual([]);
  undecrypted.came(id('a'), now());
  for (let round = 0; round < 240; round++) await clock.pass(ROUND);
  const times = asked.length;
  expect(times).toBeGreaterThan(10);
  expect(times).toBeLessThan(60);
  readable.add(id('a'));
  for (let round = 0; round < 40; round++) await clock.pass(ROUND);
  expect(found).toEqual([id('a')]);
  expect(undecrypted.waiting).toEqual([]);
});

test('a page that is away is asked again in the next round', async () => {
  void undecrypted.watch();
  undecrypted.came(id('a'), now());
  away = true;
  for (let round = 0; round < 3; round++) await clock.pass(ROUND);
  expect(asked).toHaveLength(3);
});

test('what an earlier run waited for is asked for at once, the oldest first', async () => {
  undecrypted = make([
    { messageId: id('old'), t: now() - DAY_S },
    { messageId: id('new'), t: now() - 60 },
  ]);
  readable.add(id('new')).add(id('old'));
  await undecrypted.look();
  expect(asked).toEqual([[id('old'), id('new')]]);
  expect(found).toEqual([id('old'), id('new')]);
});

test('no more are remembered than can be asked for, and none for longer than WhatsApp sends them again', () => {
  undecrypted.came(id('ancient'), now() - 15 * DAY_S);
  for (let index = 0; index < 600; index++) undecrypted.came(id(index), now() + index);
  expect(undecrypted.waiting).toHaveLength(500);
  expect(undecrypted.waiting[0]).toEqual({ messageId: id(100), t: now() + 100 });
});

test('what was reported meanwhile is not reported again', async () => {
  undecrypted.came(id('a'), now());
  readable.add(id('a'));
  const looking = undecrypted.look();
  undecrypted.settle(id('a'));
  await looking;
  expect(found).toEqual([]);
});

test.each([-TWO_HOURS, TWO_HOURS])('is asked for as often as ever where the clock is set by %i ms', async (by) => {
  void undecrypted.watch();
  undecrypted.came(id('a'), now());
  await clock.pass(ROUND);
  expect(asked).toHaveLength(1);
  clock.set(by);
  for (let round = 0; round < 8; round++) await clock.pass(ROUND);
  const times = asked.length;
  expect(times).toBeGreaterThan(5);
  for (let round = 0; round < 80; round++) await clock.pass(ROUND);
  clock.set(-by);
  const before = asked.length;
  for (let round = 0; round < 2; round++) await clock.pass(ROUND);
  // It is 22 minutes old and asked for about every other minute.
  expect(asked.length - before).toBeLessThanOrEqual(1);
  for (let round = 0; round < 20; round++) await clock.pass(ROUND);
  expect(asked.length - before).toBeGreaterThanOrEqual(2);
});
