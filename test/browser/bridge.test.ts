/** The browser slice through the whole bridge, in a process of its own: WhatsApp Web → log → outbox → WhatsApp Web. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { BridgeProcess, freePort } from '../e2e/bridge-process.ts';
import type { Account } from '../standin/account.ts';
import { Standin } from '../standin/server.ts';
import { browserTree, untilEnded } from './processes.ts';

interface Event {
  readonly type: string;
  readonly data: { readonly text?: string; readonly ack?: string; readonly outboxId?: string };
}

const LONG = 120_000;
let standin: Standin;
let me: Account;
let bob: Account;
let bridge: BridgeProcess;

beforeEach(async () => {
  standin = new Standin();
  await standin.start();
  me = standin.network.addAccount('4915110000001', 'Me');
  bob = standin.network.addAccount('4915110000002', 'Bob');
  bob.readsAtOnce = true;
  bridge = new BridgeProcess(await mkdtemp(join(tmpdir(), 'wabridge-browser-')), await freePort(), {
    WABRIDGE_ENGINES: 'webjs',
    WABRIDGE_BROWSER_FLAGS: standin.browserArgs.join('\n'),
  });
});
afterEach(async () => {
  await bridge.stop();
  await standin.stop();
  await rm(bridge.dataDir, { recursive: true, force: true, maxRetries: 5 });
}, LONG);

/** Asks the bridge until the answer will do; the HTTP API has no waiting call for these. */
async function until<Found>(what: string, ask: () => Promise<Found | undefined>): Promise<Found> {
  const end = Date.now() + 45_000;
  for (;;) {
    const found = await ask().catch(() => undefined);
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`waited too long for ${what}:\n${bridge.output}`);
    await wait(100);
  }
}

const events = async (): Promise<readonly Event[]> =>
  (await bridge.client.request<{ events: Event[] }>('GET', '/v1/events', { query: { limit: 500 } })).events;
const untilEvent = (what: string, matches: (event: Event) => boolean): Promise<Event> =>
  until(what, async () => (await events()).find(matches));
const untilReady = (): Promise<true> =>
  until('ready', async () =>
    (await bridge.client.request<{ state: string }>('GET', '/v1/sessions/phone')).state === 'ready' ? true : undefined,
  );

test(
  'in, out, a killed bridge, restored without a QR, nothing lost and nothing twice',
  async () => {
    await bridge.start();
    await bridge.client.request('POST', '/v1/sessions', {
      body: { name: 'phone', engine: 'webjs' },
      headers: { 'idempotency-key': 'add' },
    });
    const { code } = await until('a QR', () => bridge.client.request<{ code: string }>('GET', '/v1/sessions/phone/qr'));
    standin.scan(code, me);
    await untilReady();

    standin.network.say(bob, me, 'hello');
    await untilEvent('the message', ({ type, data }) => type === 'message.received' && data.text === 'hello');
    const message = { session: 'phone', type: 'text', to: `+${bob.phone}`, text: 'hello Bob' };
    const sent = await bridge.client.request<{ id: string }>('POST', '/v1/messages', {
      body: message,
      headers: { 'idempotency-key': 'once' },
    });
    await untilEvent(
      'read',
      ({ type, data }) => type === 'message.acknowledged' && data.ack === 'read' && data.outboxId === sent.id,
    );

    const { pids } = await browserTree(bridge.dataDir);
    expect(pids.length).toBeGreaterThan(2);
    await bridge.kill();
    await untilEnded(pids);
    standin.network.say(bob, me, 'are you there?');
    await bridge.start();
    await untilReady();
    await untilEvent('what was missed', ({ data }) => data.text === 'are you there?');
    const again = await bridge.client.request<{ id: string }>('POST', '/v1/messages', {
      body: message,
      headers: { 'idempotency-key': 'once' },
    });
    expect(again.id).toBe(sent.id);

    const log = await events();
    for (const text of ['hello', 'are you there?'])
      expect(log.filter(({ type, data }) => type === 'message.received' && data.text === text)).toHaveLength(1);
    expect(log.filter(({ type }) => type === 'message.sent')).toHaveLength(1);
    expect(bob.inbox.map(({ body }) => body)).toEqual(['hello Bob']);
  },
  LONG,
);
