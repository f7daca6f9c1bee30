/**
 * A session that is unlinked and linked again, to its own account or to another, while messages wait and while one may
 * have left. The oracle is the stand-in: it sees what arrived, from which account.
 */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Account } from '../standin/account.ts';
import { BridgeAtTest } from './bridge-at-test.ts';

const SESSION = 'phone';

jest.setTimeout(180_000);

interface Row {
  readonly id: string;
  readonly state: string;
  readonly error: { readonly code: string } | null;
}

let at: BridgeAtTest;
let mine: Account;
let other: Account;
let bob: Account;

beforeEach(async () => {
  at = await BridgeAtTest.open();
  await at.bridge.start();
  await at.link([SESSION]);
  mine = at.accounts.get(SESSION) as Account;
  other = at.standin.network.addAccount('4915110000901', 'Somebody else');
  bob = at.standin.network.addAccount('4915110000902', 'Bob');
});
afterEach(() => at.close());

async function send(text: string): Promise<string> {
  const { id } = await at.bridge.client.request<Row>('POST', '/v1/messages', {
    body: { session: SESSION, to: `+${bob.phone}`, type: 'text', text },
    headers: { 'idempotency-key': randomUUID() },
  });
  return id;
}

const row = (id: string): Promise<Row> => at.bridge.client.request<Row>('GET', `/v1/messages/${id}`);
const untilState = (id: string, ...states: readonly string[]): Promise<Row> =>
  at.until(`the message to be ${states.join(' or ')}`, async () => {
    const message = await row(id);
    return states.includes(message.state) && message;
  });
const sessionIs = (state: string): Promise<true> =>
  at.until(`the session to be ${state}`, async () => {
    const session = await at.bridge.client.request<{ state: string }>('GET', `/v1/sessions/${SESSION}`);
    return session.state === state;
  });

/** A send whose answer is lost: the server has the message and Bob does too, but the page never hears so. */
async function sendUnanswered(text: string): Promise<string> {
  at.standin.network.holdsAcks = true;
  const id = await send(text);
  await at.until('the message to arrive', async () => bob.inbox.length > 0);
  return id;
}

async function unlink(): Promise<void> {
  at.standin.network.unlink(mine);
  await sessionIs('logged_out');
  at.standin.network.holdsAcks = false;
}

async function linkTo(account: Account): Promise<void> {
  await at.bridge.client.request('POST', `/v1/sessions/${SESSION}/start`);
  const { code } = await at.until('a QR', () =>
    at.bridge.client.request<{ code: string }>('GET', `/v1/sessions/${SESSION}/qr`),
  );
  at.standin.scan(code, account);
  await sessionIs('ready');
}

describe('an account that is unlinked while a send has no answer', () => {
  test('leaves it in doubt at once, and another account sends neither it nor what waited', async () => {
    const first = await sendUnanswered('first');
    const second = await send('second');
    await unlink();
    expect((await untilState(first, 'in_doubt')).error?.code).toBe('WAB_SEND_IN_DOUBT');
    const third = await send('third');
    await linkTo(other);
    for (const id of [second, third]) expect((await untilState(id, 'failed')).error?.code).toBe('WAB_ACCOUNT_CHANGED');
    const fourth = await send('fourth');
    await untilState(fourth, 'accepted', 'delivered', 'read');
    expect(bob.inbox.map(({ from, body }) => [from, body])).toEqual([
      [mine.wid, 'first'],
      [other.wid, 'fourth'],
    ]);
    const failed = (await at.events()).filter(({ type }) => type === 'outbox.failed');
    expect(failed.map(({ data }) => [data['outboxId'], data['code']])).toEqual([
      [second, 'WAB_ACCOUNT_CHANGED'],
      [third, 'WAB_ACCOUNT_CHANGED'],
    ]);
    await expect(
      at.bridge.client.request('POST', `/v1/messages/${first}/resolve`, { body: { as: 'resend' } }),
    ).rejects.toMatchObject({ code: 'WAB_ACCOUNT_CHANGED' });
  });

  test('does not send it again when it is linked again, and sends what waited, once', async () => {
    const first = await sendUnanswered('first');
    const second = await send('second');
    await unlink();
    await untilState(first, 'in_doubt');
    expect((await row(second)).state).toBe('queued');
    await linkTo(mine);
    await untilState(second, 'accepted', 'delivered', 'read');
    expect(bob.inbox.map(({ body }) => body)).toEqual(['first', 'second']);
  });

  test('and is unlinked while the bridge is down: the next account does not send it again either', async () => {
    const first = await sendUnanswered('first');
    const second = await send('second');
    await at.bridge.kill();
    at.standin.network.unlink(mine);
    at.standin.network.holdsAcks = false;
    await at.bridge.start();
    const code = await at.until('a QR', async () => {
      const session = await at.bridge.client.request<{ state: string }>('GET', `/v1/sessions/${SESSION}`);
      if (session.state === 'logged_out') await at.bridge.client.request('POST', `/v1/sessions/${SESSION}/start`);
      return (await at.bridge.client.request<{ code: string }>('GET', `/v1/sessions/${SESSION}/qr`)).code;
    });
    at.standin.scan(code, other);
    await sessionIs('ready');
    await untilState(first, 'in_doubt');
    expect((await untilState(second, 'failed')).error?.code).toBe('WAB_ACCOUNT_CHANGED');
    expect(bob.inbox.map(({ from, body }) => [from, body])).toEqual([[mine.wid, 'first']]);
  });
});
