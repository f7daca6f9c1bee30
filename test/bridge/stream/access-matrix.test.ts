/**
 * Who may do what with a durable subscription, tried for every verb and every kind of key on the composed bridge. The
 * tables are generated from what came out, so that a reader sees at once who gets in.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { WebSocket } from 'ws';
import type { Secret } from '../../../bridge/src/auth/secret.ts';
import { signRequest } from '../../../bridge/src/auth/signer.ts';
import type { SubscribeFrame } from '../../../bridge/src/contract/frames.ts';
import type { Scope } from '../../../bridge/src/contract/scopes.ts';
import { RealBridge } from '../http/real-bridge.ts';
import { StreamClient, subscribeFrame, textOf, type Frame } from './harness.ts';

jest.setTimeout(120_000);

const SCOPES: readonly Scope[] = ['events:read', 'events:manage', 'messages:read'];
/** The sessions that each kind of key is limited to; the subscription reads `support`, or everything. */
const KEYS: Readonly<Record<string, readonly string[] | null>> = {
  owner: ['support'],
  rotated: ['support'],
  unlimited: null,
  'same session': ['support'],
  'other session': ['sales'],
  superset: ['sales', 'support'],
};
/** The second kind of subscription is one that an unlimited key made. */
const KEYS_OF_UNLIMITED = { ...KEYS, owner: null, rotated: null };

let real: RealBridge;
let count = 0;
beforeAll(async () => {
  real = await RealBridge.start({ deliveryMaxAttempts: 1 });
  await real.session('support');
  await real.session('sales');
}, 60_000);
afterAll(() => real.destroy(), 30_000);

/** A subscription of the owner with a dead letter, an event whose delivery was cut off, and one that waits. */
interface Victim {
  readonly name: string;
  readonly phone: string;
  readonly filter: SubscribeFrame['filter'];
  readonly owner: StreamClient;
  readonly deadLetter: Frame<'event'>;
  readonly inFlight: Frame<'event'>;
  readonly deadLetterId: string;
}

async function connect(secret: Secret): Promise<StreamClient> {
  const url = `${real.url}/v1/stream`;
  const headers = signRequest({ method: 'GET', url }, secret);
  const client = new StreamClient(new WebSocket(url.replace('http', 'ws'), 'wabridge.v1', { headers }));
  await client.next('hello');
  return client;
}

async function say(phone: string, text: string, session = 'support'): Promise<void> {
  const body = JSON.stringify({ from: phone, text });
  expect(await real.raw('POST', `/v1/sandbox/${session}/receive`, { body })).toMatchObject({ status: 201 });
}

interface LetterView {
  readonly id: string;
  readonly subscription: string;
}
const deadLettersFor = async (key?: Secret): Promise<readonly LetterView[]> =>
  (await real.raw('GET', '/v1/dead-letters?limit=500', key ? { key } : {})).json.deadLetters;

async function makeVictim(secret: Secret): Promise<Victim> {
  count += 1;
  const name = `matrix:${count}`;
  const phone = `+49151${String(10_000_000 + count)}`;
  const filter = { types: ['message.received'], from: [phone] } satisfies SubscribeFrame['filter'];
  const owner = await connect(secret);
  await owner.subscribe({ subscription: name, filter, window: 1 });
  await say(phone, 'given up');
  const deadLetter = await owner.event();
  owner.nack(deadLetter);
  await say(phone, 'in flight');
  const inFlight = await owner.event();
  await say(phone, 'waiting');
  const stored = (await deadLettersFor()).find(({ subscription }) => subscription === name)!;
  return { name, phone, filter, owner, deadLetter, inFlight, deadLetterId: stored.id };
}

/** All that an intruder might change, as the operator sees it. */
async function stateOf({ name }: Victim): Promise<object> {
  const { json } = await real.raw('GET', '/v1/subscriptions');
  const view = json.subscriptions.find((subscription: { name: string }) => subscription.name === name);
  const deadLetters = (await deadLettersFor()).filter(({ subscription }) => subscription === name);
  return { view: view && { ...view, lastUsedAt: null }, deadLetters: deadLetters.map(({ id }) => id) };
}

/** Asks for the victim's subscription. @returns the client where it was let in, else the code of the refusal */
async function ask(secret: Secret, victim: Victim, changes: Partial<SubscribeFrame> = {}) {
  const client = await connect(secret);
  const { name, filter } = victim;
  client.send(subscribeFrame({ subscription: name, filter, ...changes }));
  const answer = await Promise.race([client.next('subscribed'), client.next('error')]);
  return { client, refusal: answer.type === 'error' ? answer.code : null };
}

/** Whether a change shows within the time that the bridge needs for it. */
async function comes(holds: () => Promise<boolean>): Promise<boolean> {
  return real.until(holds, 3_000).then(
    () => true,
    () => false,
  );
}

const deadLetterIsGone = async (victim: Victim): Promise<boolean> =>
  (await deadLettersFor()).every(({ id }) => id !== victim.deadLetterId);

type Verb = (secret: Secret, victim: Victim) => Promise<string>;
const IN = 'in';

const subscribing =
  (changes: (victim: Victim) => Partial<SubscribeFrame>): Verb =>
  async (secret, victim) => {
    const { client, refusal } = await ask(secret, victim, changes(victim));
    client.terminate();
    return refusal ?? IN;
  };

/** Subscribes, and answers what the owner had been sent, whether or not it was let in. */
const answering =
  (answer: (client: StreamClient, victim: Victim) => void, worked: (victim: Victim) => Promise<boolean>): Verb =>
  async (secret, victim) => {
    victim.owner.terminate();
    await victim.owner.closed;
    const { client, refusal } = await ask(secret, victim);
    answer(client, victim);
    await client.settled();
    const result = refusal ?? ((await comes(() => worked(victim))) ? IN : 'without effect');
    client.terminate();
    return result;
  };

const http =
  (method: string, path: (victim: Victim) => string): Verb =>
  async (key, victim) => {
    const { status, json } = await real.raw(method, path(victim), { key });
    return status === 204 ? IN : json.code;
  };

const VERBS: Readonly<Record<string, Verb>> = {
  'from resume': subscribing(() => ({ from: 'resume' })),
  'from latest': subscribing(() => ({ from: 'latest' })),
  'from earliest': subscribing(() => ({ from: 'earliest' })),
  'from a cursor': subscribing(({ deadLetter }) => ({ from: deadLetter.cursor })),
  'other filter': subscribing(({ filter }) => ({ filter: { ...filter, types: ['session.degraded'] } })),
  'own sessions': async (secret, victim) => {
    const { sessions } = (await real.raw('GET', '/v1/whoami', { key: secret })).json;
    return subscribing(({ filter }) => ({ filter: { ...filter, sessions: sessions ?? ['sales'] } }))(secret, victim);
  },
  takeover: async (secret, victim) => {
    const { client, refusal } = await ask(secret, victim);
    if (refusal === null) await victim.owner.next('bye');
    client.terminate();
    return refusal ?? IN;
  },
  'no takeover': subscribing(() => ({ takeover: false })),
  ack: answering(
    (client, { inFlight }) => client.ack(inFlight),
    async ({ name, inFlight }) =>
      (await real.raw('GET', '/v1/subscriptions')).json.subscriptions.some(
        (view: { name: string; cursor: string }) =>
          view.name === name && Number(view.cursor.split('.')[1]) >= inFlight.event.seq,
      ),
  ),
  nack: answering(
    (client, { inFlight }) => client.nack(inFlight),
    async ({ name }) => (await deadLettersFor()).filter(({ subscription }) => subscription === name).length === 2,
  ),
  'late ack': answering((client, { deadLetter }) => client.ack(deadLetter), deadLetterIsGone),
  list: async (key, { name }) =>
    (await real.raw('GET', '/v1/subscriptions', { key })).json.subscriptions.some(
      (view: { name: string }) => view.name === name,
    )
      ? IN
      : 'hidden',
  delete: http('DELETE', ({ name }) => `/v1/subscriptions/${name}`),
  'list letters': async (key, { deadLetterId }) =>
    (await deadLettersFor(key)).some(({ id }) => id === deadLetterId) ? IN : 'hidden',
  redrive: http('POST', ({ deadLetterId }) => `/v1/dead-letters/${deadLetterId}/redrive`),
  discard: http('DELETE', ({ deadLetterId }) => `/v1/dead-letters/${deadLetterId}`),
};
const SHORT: Readonly<Record<string, string>> = {
  WAB_SESSION_NOT_ALLOWED: 'NOT_ALLOWED',
  WAB_SUBSCRIPTION_NOT_FOUND: 'NOT_FOUND',
  WAB_DEAD_LETTER_NOT_FOUND: 'NOT_FOUND',
  WAB_SUBSCRIPTION_BUSY: 'BUSY',
};
/** Refused, or seen to be busy: then nothing of the victim's may have changed. */
const CHANGES_NOTHING = new Set(['NOT_ALLOWED', 'NOT_FOUND', 'BUSY', 'hidden']);

async function cell(verb: Verb, owner: Secret, secret: Secret): Promise<string> {
  const victim = await makeVictim(owner);
  const before = await stateOf(victim);
  const answer = await verb(secret, victim);
  const result = SHORT[answer] ?? answer;
  if (CHANGES_NOTHING.has(result)) await expectUnharmed(victim, before, owner);
  victim.owner.terminate();
  await real.raw('DELETE', `/v1/subscriptions/${victim.name}`);
  await real.raw('DELETE', `/v1/dead-letters/${victim.deadLetterId}`);
  return result;
}

/** The owner has lost nothing, and goes on where it was. */
async function expectUnharmed(victim: Victim, before: object, owner: Secret): Promise<void> {
  const wasCut = victim.owner.socket.readyState !== WebSocket.OPEN;
  if (!wasCut) {
    expect(await stateOf(victim)).toEqual(before);
    victim.owner.ack(victim.inFlight);
    expect(textOf(await victim.owner.event())).toBe('waiting');
    return;
  }
  expect(await deadLettersFor()).toContainEqual(expect.objectContaining({ id: victim.deadLetterId }));
  const again = await connect(owner);
  expect(await again.subscribe({ subscription: victim.name, filter: victim.filter })).toMatchObject({ resumed: 2 });
  const repeated = await again.event();
  expect(repeated).toMatchObject({ cursor: victim.inFlight.cursor, attempt: 2 });
  again.ack(repeated);
  expect(textOf(await again.event())).toBe('waiting');
  again.terminate();
}

async function matrix(keys: Readonly<Record<string, readonly string[] | null>>): Promise<string> {
  const secrets = await Promise.all(
    Object.values(keys).map((sessions) => real.key(SCOPES, sessions as string[] | null)),
  );
  const rows = [['', ...Object.keys(keys)]];
  for (const [name, verb] of Object.entries(VERBS)) {
    rows.push([name, ...(await Promise.all(secrets.map((secret) => cell(verb, secrets[0]!, secret))))]);
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column]!))
      .join(' | ')
      .trimEnd(),
  );
  return `\n${lines.join('\n')}\n`;
}

describe('who gets in', () => {
  test('a subscription of a key that is limited to the session `support`', async () => {
    expect(await matrix(KEYS)).toBe(`
              | owner | rotated | unlimited | same session | other session | superset
from resume   | in    | in      | in        | in           | NOT_ALLOWED   | in
from latest   | in    | in      | in        | in           | NOT_ALLOWED   | in
from earliest | in    | in      | in        | in           | NOT_ALLOWED   | in
from a cursor | in    | in      | in        | in           | NOT_ALLOWED   | in
other filter  | in    | in      | in        | in           | NOT_ALLOWED   | in
own sessions  | in    | in      | in        | in           | NOT_ALLOWED   | in
takeover      | in    | in      | in        | in           | NOT_ALLOWED   | in
no takeover   | BUSY  | BUSY    | BUSY      | BUSY         | NOT_ALLOWED   | BUSY
ack           | in    | in      | in        | in           | NOT_ALLOWED   | in
nack          | in    | in      | in        | in           | NOT_ALLOWED   | in
late ack      | in    | in      | in        | in           | NOT_ALLOWED   | in
list          | in    | in      | in        | in           | hidden        | in
delete        | in    | in      | in        | in           | NOT_FOUND     | in
list letters  | in    | in      | in        | in           | hidden        | in
redrive       | in    | in      | in        | in           | NOT_FOUND     | in
discard       | in    | in      | in        | in           | NOT_FOUND     | in
`);
  });

  test('a subscription of an unlimited key, which reads every session', async () => {
    expect(await matrix(KEYS_OF_UNLIMITED)).toBe(`
              | owner | rotated | unlimited | same session | other session | superset
from resume   | in    | in      | in        | NOT_ALLOWED  | NOT_ALLOWED   | NOT_ALLOWED
from latest   | in    | in      | in        | NOT_ALLOWED  | NOT_ALLOWED   | NOT_ALLOWED
from earliest | in    | in      | in        | NOT_ALLOWED  | NOT_ALLOWED   | NOT_ALLOWED
from a cursor | in    | in      | in        | NOT_ALLOWED  | NOT_ALLOWED   | NOT_ALLOWED
other filter  | in    | in      | in        | NOT_ALLOWED  | NOT_ALLOWED   | NOT_ALLOWED
own sessions  | in    | in      | in        | NOT_ALLOWED  | NOT_ALLOWED   | NOT_ALLOWED
takeover      | in    | in      | in        | NOT_ALLOWED  | NOT_ALLOWED   | NOT_ALLOWED
no takeover   | BUSY  | BUSY    | BUSY      | NOT_ALLOWED  | NOT_ALLOWED   | NOT_ALLOWED
ack           | in    | in      | in        | NOT_ALLOWED  | NOT_ALLOWED   | NOT_ALLOWED
nack          | in    | in      | in        | NOT_ALLOWED  | NOT_ALLOWED   | NOT_ALLOWED
late ack      | in    | in      | in        | NOT_ALLOWED  | NOT_ALLOWED   | NOT_ALLOWED
list          | in    | in      | in        | hidden       | hidden        | hidden
delete        | in    | in      | in        | NOT_FOUND    | NOT_FOUND     | NOT_FOUND
list letters  | in    | in      | in        | in           | hidden        | in
redrive       | in    | in      | in        | NOT_ALLOWED  | NOT_FOUND     | NOT_ALLOWED
discard       | in    | in      | in        | NOT_ALLOWED  | NOT_FOUND     | NOT_ALLOWED
`);
  });
});

test('a limited key sees its own dead letters however many newer ones other sessions have', async () => {
  // The matrix above leaves some.
  for (const { id } of await deadLettersFor()) await real.raw('DELETE', `/v1/dead-letters/${id}`);
  const limited = await real.key(SCOPES, ['support']);
  const own = await makeVictim(limited);
  const client = await connect(real.operator);
  await client.subscribe({ subscription: 'others', filter: { sessions: ['sales'], types: ['message.received'] } });
  for (let index = 0; index < 3; index++) {
    await say(`+49151${10_900_000 + index}`, 'x', 'sales');
    client.nack(await client.event());
  }
  await real.until(
    async () => (await deadLettersFor()).filter(({ subscription }) => subscription === 'others').length === 3,
  );
  const page = async (query: string): Promise<string[]> =>
    (await real.raw('GET', `/v1/dead-letters?${query}`, { key: limited })).json.deadLetters.map(
      ({ id }: LetterView) => id,
    );
  expect(await page('limit=1')).toEqual([own.deadLetterId]);
  expect(await page(`limit=1&before=${own.deadLetterId}`)).toEqual([]);
  own.owner.terminate();
  client.terminate();
});
