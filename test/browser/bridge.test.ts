/** The browser slice through the whole bridge, in a process of its own: WhatsApp Web → log → outbox → WhatsApp Web. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Account } from '../standin/account.ts';
import { BridgeAtTest } from './bridge-at-test.ts';
import { browserTree, untilEnded } from './processes.ts';

const LONG = 120_000;
let at: BridgeAtTest;
let bob: Account;

beforeEach(async () => {
  at = await BridgeAtTest.open();
  bob = at.standin.network.addAccount('4915110000002', 'Bob');
  bob.readsAtOnce = true;
});
afterEach(() => at.close(), LONG);

test(
  'in, out, a killed bridge, restored without a QR, nothing lost and nothing twice',
  async () => {
    const { bridge, standin } = at;
    await bridge.start();
    await at.link(['phone']);
    const me = at.accounts.get('phone') as Account;

    standin.network.say(bob, me, 'hello');
    await at.untilEvent('the message', ({ type, data }) => type === 'message.received' && data['text'] === 'hello');
    const message = { session: 'phone', type: 'text', to: `+${bob.phone}`, text: 'hello Bob' };
    const sent = await bridge.client.request<{ id: string }>('POST', '/v1/messages', {
      body: message,
      headers: { 'idempotency-key': 'once' },
    });
    await at.untilEvent(
      'read',
      ({ type, data }) => type === 'message.acknowledged' && data['ack'] === 'read' && data['outboxId'] === sent.id,
    );

    const { pids } = await browserTree(bridge.dataDir);
    expect(pids.length).toBeGreaterThan(2);
    await bridge.kill();
    await untilEnded(pids);
    standin.network.say(bob, me, 'are you there?');
    await bridge.start();
    await at.untilReady();
    await at.untilEvent('what was missed', ({ data }) => data['text'] === 'are you there?');
    const again = await bridge.client.request<{ id: string }>('POST', '/v1/messages', {
      body: message,
      headers: { 'idempotency-key': 'once' },
    });
    expect(again.id).toBe(sent.id);

    const log = await at.events();
    for (const text of ['hello', 'are you there?'])
      expect(log.filter(({ type, data }) => type === 'message.received' && data['text'] === text)).toHaveLength(1);
    expect(log.filter(({ type }) => type === 'message.sent')).toHaveLength(1);
    expect(bob.inbox.map(({ body }) => body)).toEqual(['hello Bob']);
  },
  LONG,
);
