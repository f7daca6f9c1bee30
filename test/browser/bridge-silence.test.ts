/**
 * A session that is connected and silent, in a whole bridge with the times that it has by default: its log says so in the
 * stated time, has what was missed once, and says when the session works again.
 */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Account } from '../standin/account.ts';
import { BridgeAtTest, type LoggedEvent } from './bridge-at-test.ts';

/** As bridge/docs/runbook.md states it for messages that were never announced, in milliseconds. */
const NOTICED_WITHIN_MS = 60_000;
const SESSION = 'phone';
const TEXTS = ['missed 1', 'missed 2', 'missed 3'];

jest.setTimeout(300_000);

let at: BridgeAtTest;
beforeAll(async () => {
  at = await BridgeAtTest.open();
  await at.bridge.start();
  await at.link([SESSION]);
});
afterAll(() => at?.close());

const isText =
  (wanted: string) =>
  (event: LoggedEvent): boolean =>
    event.type === 'message.received' && event.data['text'] === wanted;

test('a deaf session is noticed in the stated time, reports what it missed, and hears again', async () => {
  const { network } = at.standin;
  const me = at.accounts.get(SESSION) as Account;
  const bob = network.addAccount('4915110000002', 'Bob');
  network.say(bob, me, 'heard 1');
  const { seq } = await at.untilEvent('recording received events', isText('heard 1'));

  await at.standin.pageOf(me).deafen('listeners');
  const silentFrom = Date.now();
  for (const text of TEXTS) network.say(bob, me, text);
  const told = await at.untilEvent('word of it', (event) => event.seq > seq && event.type === 'session.degraded');
  expect(Date.parse(told.occurredAt) - silentFrom).toBeLessThan(NOTICED_WITHIN_MS);
  expect(told.data['reason']).toContain('3 new messages that it did not report');
  await at.untilEvent('recovery', (event) => event.seq > told.seq && event.type === 'session.recovered');

  network.say(bob, me, 'heard 2');
  await at.untilEvent('what is heard again', isText('heard 2'));
  const received = (await at.events()).filter(({ type }) => type === 'message.received');
  expect(received.map(({ data }) => data['text'])).toEqual(['heard 1', ...TEXTS, 'heard 2']);
});
