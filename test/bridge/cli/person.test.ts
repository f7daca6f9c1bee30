/** The command in the hands of a person: what it prints, and what it says where something was written wrongly. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgram } from '../../../bridge/src/cli/cli.ts';
import { RealBridge } from '../http/real-bridge.ts';
import { runHere } from './cli-here.ts';
import { jsonOf, type Result } from './cli-result.ts';

jest.setTimeout(120_000);
const PERSON = '+4915112345678';
const LID = '98765432101234';
const folder = mkdtempSync(join(tmpdir(), 'wabridge-person-'));
let bridge: RealBridge;
beforeAll(async () => {
  bridge = await RealBridge.start({ mediaRetentionDays: 17 });
  await bridge.session('demo');
});
afterAll(async () => {
  await bridge.destroy();
  rmSync(folder, { recursive: true, force: true });
});

/** Nothing but the place of the bridge: its own settings are not in this environment. */
const place = (): Record<string, string> => ({ WABRIDGE_DATA_DIR: bridge.dataDir, WABRIDGE_URL: bridge.url });
const cli = {
  run: (...args: string[]): Promise<Result> => runHere(args, place()),
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json: async (...args: string[]): Promise<any> => jsonOf(await cli.run(...args, '--json')),
};

const expectLines = ({ out }: Result): void => {
  expect(out).not.toContain('\u001b');
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
};

describe('the simulated phone', () => {
  test('somebody whose number is hidden attaches a file, answers and mentions', async () => {
    const file = join(folder, 'photo.bin');
    writeFileSync(file, Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'));
    const first = await cli.json('sandbox', 'say', 'demo', 'look', '--from', PERSON, '--lid', LID, '--file', file);
    expect(first.messageId).toMatch(new RegExp(`^false_${LID}@lid_`));
    await cli.json(
      'sandbox',
      'say',
      'demo',
      'and this',
      '--from',
      PERSON,
      '--quote',
      first.messageId,
      '--mention',
      '+4915112345679',
    );
    const { events } = await bridge.client.request<{ events: { data: Record<string, unknown>; sender: object }[] }>(
      'GET',
      '/v1/events',
      { query: { types: 'message.received', limit: 10 } },
    );
    expect(events).toMatchObject([
      {
        sender: { lid: `${LID}@lid` },
        data: { kind: 'image', text: 'look', media: { mimeType: 'image/png', fileName: 'photo.bin' } },
      },
      { data: { text: 'and this', quotedMessageId: first.messageId } },
    ]);
    expect(JSON.stringify(events[1]!.data)).toContain('4915112345679');
    expect(JSON.stringify(events.map(({ sender }) => sender))).not.toContain('4915112345678');
  });

  test('somebody writes a message of another kind, with its fields', async () => {
    const said = ['sandbox', 'say', 'demo', '--from', PERSON, '--kind', 'unsupported', '--raw-kind', 'order'];
    const { messageId } = await cli.json(...said);
    const { events } = await bridge.client.request<{ events: { data: object }[] }>('GET', '/v1/events', {
      query: { types: 'message.received', limit: 10 },
    });
    expect(events.at(-1)).toMatchObject({ data: { messageId, kind: 'unsupported', rawKind: 'order' } });
  });

  test('the owner writes on the own phone, and the inbox says so', async () => {
    await cli.json('sandbox', 'own-message', 'demo', PERSON, 'from my phone');
    expect(await cli.json('sandbox', 'inbox', 'demo')).toMatchObject([{ text: 'from my phone', via: 'phone' }]);
    await cli.json('sandbox', 'own-message', 'demo', PERSON, '--kind', 'unsupported', '--raw-kind', 'order');
    expect((await cli.run('sandbox', 'inbox', 'demo')).out).toContain('[unsupported] rawKind: order');
  });

  test('it gets a location, also one in the south, and somebody sends one', async () => {
    const place = ['--name', 'Opera House', '--address', 'Bennelong Point'];
    await cli.json('message', 'send-location', 'demo', PERSON, '-33.856784', '151.215297', ...place);
    const position = { latitude: -33.856784, longitude: 151.215297 };
    const arrived = { kind: 'location', ...position, name: 'Opera House', address: 'Bennelong Point', via: 'bridge' };
    const [entry] = await cli.json(
      'sandbox',
      'inbox',
      'demo',
      '--via',
      'bridge',
      '--at-least',
      '1',
      '--wait-ms',
      '10000',
    );
    expect(entry).toMatchObject(arrived);
    const said = ['--kind', 'location', '--latitude', '-33.856784', '--longitude', '151.215297'];
    const { messageId } = await cli.json('sandbox', 'say', 'demo', '--from', PERSON, ...said);
    const { events } = await bridge.client.request<{ events: { data: object }[] }>('GET', '/v1/events', {
      query: { types: 'message.received', limit: 10 },
    });
    expect(events.at(-1)).toMatchObject({
      data: { messageId, kind: 'location', ...position, name: null, address: null },
    });
  });
});

describe('what was written wrongly', () => {
  test.each([
    [['outbox', 'show', 'nonsense'], 1, 'There is no outbox message nonsense.'],
    [['outbox', 'list', '--state', 'faild'], 2, 'Did you mean failed?'],
    [['outbox', 'list', '--before', 'x'], 1, 'There is no outbox message x.'],
    [['dead-letters', 'redrive', 'x y'], 1, 'There is no dead letter x y.'],
    [['key', 'revoke', '?'], 1, 'There is no key ?.'],
    [['key', 'issue', '--scopes', 'messages:sent'], 2, 'There is no scope messages:sent. Did you mean messages:send?'],
    [['key', 'issue', '--sessions', 'My Phone'], 2, '"My Phone" cannot be the name of a session.'],
    [['key', 'issue', '--expires', 'tomorrow'], 2, 'Use a date, for example 2030-12-31'],
    [['key', 'issue', '--expires', '2020-01-01'], 2, 'This date is in the past.'],
    [['session', 'add', 'My Phone'], 2, '"My Phone" cannot be the name of a session.'],
    [['session', 'show', 'My Phone'], 2, '"My Phone" cannot be the name of a session.'],
    [['send', 'Demo', PERSON, 'x'], 2, '"Demo" cannot be the name of a session.'],
    [['events', 'tail', '--type', 'message.recieved'], 2, 'Did you mean message.received?'],
    [['subscriptions', 'delete', 'no such'], 1, 'There is no subscription no such.'],
    [['sandbox', 'say', 'demo', '--from', PERSON], 2, 'Give a text, or attach a file'],
    [['sandbox', 'say', 'demo', '--from', PERSON, '--file', '/nowhere'], 2, '/nowhere cannot be read (ENOENT).'],
    [['sandbox', 'say', 'demo', 'x', '--from', '1'], 1, 'The bridge does not accept this: '],
    [
      ['sandbox', 'say', 'demo', 'x', '--from', PERSON, '--raw-kind', 'y'],
      1,
      'a message of the kind text has no rawKind',
    ],
    [['sandbox', 'fault', 'demo', 'ackLost', '--probability', '2'], 2, 'Use a number from 0 to 1'],
    [['send', 'demo', PERSON, ''], 1, 'The text is blank'],
  ])('%j', async (args, code, sentence) => {
    const result = await cli.run(...args);
    expect(result).toMatchObject({ code, err: expect.stringContaining(sentence) });
    expect(result.err).not.toMatch(/schema|OpenAPI/);
  });
});

test('times are those of this place, and no table is wider than a terminal', async () => {
  await cli.json('send', 'demo', PERSON, 'x'.repeat(300));
  await cli.run('sandbox', 'fault', 'demo', 'sendRefused');
  expect((await cli.run('send', 'demo', PERSON, 'refused')).code).toBe(1);
  const outbox = await cli.run('outbox', 'list');
  expectLines(outbox);
  const [{ createdAt }] = await cli.json('outbox', 'list', '--limit', '1');
  const at = new Date(createdAt);
  // A narrow terminal breaks the line between the two.
  expect(outbox.out).toMatch(new RegExp(`${at.getDate()}\\s+${at.toTimeString().slice(0, 8)}`));
  expect(outbox.out).toContain('WhatsApp refused the message');
  for (const args of [
    ['key', 'list'],
    ['session', 'list'],
    ['sandbox', 'inbox', 'demo'],
    ['config'],
    ['config', '--long'],
  ])
    expectLines(await cli.run(...args));
});

test('config shows what the running bridge uses, and what a start here would use', async () => {
  const of = async (...args: string[]): Promise<unknown> => {
    const { source, settings } = await cli.json('config', ...args);
    return { source, days: settings.find(({ name }: { name: string }) => name === 'mediaRetentionDays').value };
  };
  expect(await of()).toEqual({ source: 'bridge', days: 17 });
  expect(await of('--local')).toEqual({ source: 'here', days: 30 });
  const person = await cli.run('config');
  expect(person.err).toContain(`The bridge at ${bridge.url} runs with`);
  const alone = await runHere(['config'], { WABRIDGE_DATA_DIR: join(folder, 'new') });
  expect(alone).toMatchObject({ code: 0, err: expect.stringContaining('No bridge answers') });
  // Secrets are told as booleans there too, and only to those who run the bridge.
  const n8n = await bridge.key(['sessions:manage', 'metrics:read']);
  expect(await bridge.raw('GET', '/v1/settings', { key: n8n })).toMatchObject({ status: 403 });
});

test('a session without an account, failed sends and dead letters: doctor names them, and the list says what to do', async () => {
  const findings = async (): Promise<Record<string, { state: string; detail: string; todo?: string }>> =>
    Object.fromEntries((await cli.json('doctor')).map((finding: { check: string }) => [finding.check, finding]));
  expect(await findings()).toMatchObject({ sessions: { state: 'ok' }, 'dead letters': { state: 'ok' } });

  const out = await cli.run('session', 'logout', 'demo');
  expect(out).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^Session demo is logged_out\..*wabridge session start demo/),
  });
  await deadLetter();
  const now = await findings();
  expect(now['sessions']).toMatchObject({
    state: 'warning',
    detail: 'demo is logged_out',
    todo: expect.stringContaining('wabridge session start demo'),
  });
  expect(now['sends']).toMatchObject({ state: 'warning', detail: expect.stringContaining('1 failed') });
  expect(now['dead letters']).toMatchObject({ state: 'warning', todo: expect.stringContaining('redrive') });
  const list = await cli.run('session', 'list');
  expectLines(list);
  expect(list.out.replace(/\s+/g, ' ')).toContain('Link it again: `wabridge session start demo`');
});

/** Refuses an event until the bridge gives it up, as a broken workflow does. */
async function deadLetter(): Promise<void> {
  const socket = await bridge.client.openStream();
  const subscription = 'n8n:instance:workflow:node';
  const send = (frame: object): void => socket.send(JSON.stringify(frame));
  socket.on('message', (data) => {
    const frame = JSON.parse((data as Buffer).toString()) as Record<string, unknown>;
    if (frame['type'] === 'hello')
      send({ type: 'subscribe', subscription, durable: true, filter: {}, from: 'earliest', window: 1 });
    if (frame['type'] === 'event')
      send({
        type: 'nack',
        subscription,
        cursors: [frame['cursor']],
        attempt: frame['attempt'],
        retryAfterMs: 0,
        reason: 'the workflow is broken',
      });
  });
  await bridge.until(async () => {
    const { deadLetters } = await bridge.client.request<{ deadLetters: object[] }>('GET', '/v1/dead-letters');
    return deadLetters.length > 0;
  }, 60_000);
  socket.close();
}

test('subscriptions go by their workflow, with the whole name on request, and are deleted by either', async () => {
  const short = await cli.run('subscriptions', 'list');
  expectLines(short);
  expect(short.out).toMatch(/^workflow +no +/m);
  expect(short.out).not.toContain('n8n:instance');
  const long = await cli.run('subscriptions', 'list', '--long');
  expectLines(long);
  expect(long.out).toContain('n8n:instance:workflow:node');
  expectLines(await cli.run('dead-letters', 'list'));
  expect(await cli.json('subscriptions', 'delete', 'workflow')).toEqual({ deleted: 'n8n:instance:workflow:node' });
});

test('every command says in its help what each of its options is for', () => {
  const lacking: string[] = [];
  const look = (command: ReturnType<typeof createProgram>, path: string): void => {
    for (const option of command.options) if (!option.description) lacking.push(`${path} ${option.flags}`);
    for (const child of command.commands) {
      if (!child.description()) lacking.push(`${path} ${child.name()}`);
      look(child, `${path} ${child.name()}`);
    }
  };
  look(createProgram(), 'wabridge');
  expect(lacking).toEqual([]);
});
