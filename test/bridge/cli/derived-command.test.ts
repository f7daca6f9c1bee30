/** What a command looks like, asks and shows that follows from the definition of its operation alone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import Type from 'typebox';
import { formatSecret } from '../../../bridge/src/auth/secret.ts';
import { commandOf } from '../../../bridge/src/cli/operations.ts';
import { RECIPIENT, sendRoute } from '../../../bridge/src/contract/messages.ts';
import { mediaField, SessionField } from '../../../bridge/src/contract/fields.ts';
import { MEDIA_ID_PATTERN } from '../../../bridge/src/contract/ids.ts';
import { Nothing, operation } from '../../../bridge/src/contract/operation.ts';
import { listOf, literals, nullable, object, Timestamp } from '../../../bridge/src/contract/schema.ts';
import { OutboxMessage } from '../../../bridge/src/contract/views/outbox-message.ts';
import { secret } from '../auth/requests.ts';

const COMMON = { scope: 'any', tag: 'tests', errors: [], examples: [], operationId: 'test' } as const;

const sendVote = operation({
  ...COMMON,
  id: 'message.sendVote',
  via: { outbox: 'repeatable' },
  summary: 'Send a vote',
  http: sendRoute('vote'),
  input: object({
    ...RECIPIENT,
    options: Type.Array(Type.String(), { description: 'what can be chosen' }),
    question: Type.String({ description: 'what is asked' }),
    seats: Type.Integer(),
    secret: Type.Optional(Type.Boolean()),
    style: Type.Optional(literals(['plain', 'grand'])),
    closesAt: Type.Optional(nullable(Timestamp, { description: 'when it ends' })),
    picture: Type.Optional(mediaField('image')),
    theme: Type.Optional(object({ colour: Type.String() })),
  }),
  result: OutboxMessage,
});

const listVotes = operation({
  ...COMMON,
  id: 'vote.list',
  via: 'bridge',
  summary: 'WhatsApp votes, newest first',
  http: { method: 'GET', path: '/votes/{session}', status: 200 },
  input: object({ session: SessionField, limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 9, default: 5 })) }),
  result: object({
    votes: listOf(
      object({ id: Type.String(), closesAt: nullable(Timestamp), chat: object({ chatId: Type.String() }) }),
    ),
    more: Type.Boolean(),
  }),
});

const endVote = operation({
  ...COMMON,
  id: 'vote.endNow',
  via: 'bridge',
  summary: 'End a vote',
  http: { method: 'DELETE', path: '/votes/{id}', status: 204 },
  input: object({ id: Type.String() }),
  result: Nothing,
});

const commands = [sendVote, listVotes, endVote].map((each) => commandOf(each));

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly key: string | undefined;
  readonly body: Buffer;
}
let server: Server;
let url: string;
/** What the bridge was asked. */
let asked: Asked[];
/** What it answers. */
let answer: object | null;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url!, url);
      asked.push({
        method: request.method!,
        path: pathname,
        query: Object.fromEntries(searchParams),
        key: request.headers['idempotency-key'] as string | undefined,
        body: Buffer.concat(chunks),
      });
      response.end(request.method === 'PUT' ? '{}' : answer === null ? '' : JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
const folder = mkdtempSync(join(tmpdir(), 'wabridge-derived-'));
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  process.env['WABRIDGE_KEY'] = formatSecret(secret);
  asked = [];
});
afterEach(() => {
  process.exitCode = 0;
});

const MESSAGE = {
  id: 'out_1',
  session: 'support',
  chat: { chatId: '4915112345678@c.us' },
  type: 'vote',
  state: 'accepted',
  messageId: null,
  attempts: 1,
  createdAt: '2026-11-21T12:00:00.000Z',
  updatedAt: '2026-11-21T12:00:00.000Z',
  nextAttemptAt: null,
  expiresAt: null,
  error: null,
};

/** Runs a command line, and returns what it prints. @throws what the command throws */
async function run(...args: string[]): Promise<string> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  for (const { add } of commands) add(program);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => undefined });
  let out = '';
  const stdout = jest.spyOn(process.stdout, 'write').mockImplementation(((text: string) => {
    out += text;
    return true;
  }) as typeof process.stdout.write);
  try {
    await program.parseAsync([...args, '--url', url], { from: 'user' });
  } finally {
    stdout.mockRestore();
  }
  return out;
}

function helpOf(name: string): string {
  const program = new Command();
  for (const { add } of commands) add(program);
  return program.commands
    .find((each) => each.name() === name)!
    .helpInformation()
    .replace(/\s+/g, ' ');
}

describe('its form', () => {
  test('is the verb, with required fields as arguments: session, recipient, others, a list last', () => {
    expect(commands.map(({ name }) => name)).toEqual(['send-vote', 'list', 'end-now']);
    expect(helpOf('send-vote')).toContain(
      'send-vote [options] <session> <to> <question> <seats> <options...> send a vote',
    );
    expect(helpOf('list')).toContain('WhatsApp votes, newest first');
  });

  test('has other fields as options, explained by their schema', () => {
    const help = helpOf('send-vote');
    for (const line of [
      'options what can be chosen',
      '--expires-in <seconds> do not send it after this many seconds',
      '--secret ',
      '--no-secret ',
      '--style <choice> style (choices: "plain", "grand")',
      '--closes-at <time> when it ends',
      '--picture <file> path of a file, or the id of one that is stored',
      '--theme <json>',
      '--wait <seconds>',
      '--idempotency-key <key>',
    ])
      expect(help).toContain(line);
    expect(helpOf('list')).toContain('--limit <count> maximum number to list (default 5)');
    expect(helpOf('list')).not.toContain('--idempotency-key');
  });

  test('an overlay replaces words, adds no field twice and can leave fields out', () => {
    const program = new Command();
    const worded = commandOf(sendVote, {
      name: 'vote',
      arguments: [{ field: 'session' }, { field: 'question', as: 'what' }],
      options: { seats: ['--seats <count>', 'how many win'] },
      without: ['theme', 'picture'],
    });
    worded.add(program);
    const help = program.commands[0]!.helpInformation().replace(/\s+/g, ' ');
    expect(help).toContain('vote [options] <session> <what> <to> <options...>');
    expect(help).toContain('--seats <count> how many win');
    expect(help).not.toMatch(/--theme|--picture/);
    expect([...worded.fields].sort()).toEqual(
      Object.keys(sendVote.input.properties)
        .filter((field) => !['theme', 'picture'].includes(field))
        .sort(),
    );
  });
});

describe('its request', () => {
  beforeEach(() => {
    answer = MESSAGE;
  });
  const bodyAt = (index: number): unknown => JSON.parse(asked[index]!.body.toString());

  test('has the fields in their types, the type of a shared route, an idempotency key and a wait', async () => {
    const args = ['send-vote', 'support', '+4915112345678', 'Lunch?', '2', 'Yes, please', 'No'];
    await run(...args, '--no-secret', '--style', 'grand', '--expires-in', '60', '--theme', '{"colour":"red"}');
    expect(asked).toMatchObject([{ method: 'POST', path: '/v1/messages', query: { waitMs: '10000' } }]);
    expect(asked[0]!.key).toMatch(/^[0-9a-f-]{36}$/);
    expect(bodyAt(0)).toEqual({
      type: 'vote',
      session: 'support',
      to: '+4915112345678',
      question: 'Lunch?',
      seats: 2,
      options: ['Yes, please', 'No'],
      secret: false,
      style: 'grand',
      expiresInSeconds: 60,
      theme: { colour: 'red' },
    });
    await run(...args, '--idempotency-key', 'vote-1', '--wait', '0');
    expect(asked[1]).toMatchObject({ key: 'vote-1', query: { waitMs: '0' } });
  });

  test('uploads a file that is named by its path, under the same id if it is asked again', async () => {
    const file = join(folder, 'lunch.png');
    writeFileSync(file, 'a picture');
    const args = ['send-vote', 'support', '+4915112345678', 'Lunch?', '2', 'Yes', '--picture', file];
    await run(...args, '--idempotency-key', 'vote-1');
    await run(...args, '--idempotency-key', 'vote-1');
    await run(...args);
    const uploads = asked.filter(({ method }) => method === 'PUT');
    const sends = [1, 3, 5].map((index) => (bodyAt(index) as { picture: string }).picture);
    expect(uploads.map(({ path }) => path)).toEqual(sends.map((id) => `/v1/media/${id}`));
    expect(uploads[0]).toMatchObject({ query: { fileName: 'lunch.png' }, body: Buffer.from('a picture') });
    for (const id of sends) expect(id).toMatch(new RegExp(MEDIA_ID_PATTERN));
    expect(sends[1]).toBe(sends[0]);
    expect(sends[2]).not.toBe(sends[0]);
  });

  test('takes the id of a stored file as it is', async () => {
    const id = 'med_01JZ8Y4T3V5W6X7Y8Z9A0B1C2D';
    await run('send-vote', 'support', '+4915112345678', 'Lunch?', '2', 'Yes', '--picture', id);
    expect(asked).toHaveLength(1);
    expect(bodyAt(0)).toMatchObject({ picture: id });
  });

  test.each([
    [['send-vote', 'Support', '+49', 'Lunch?', '2', 'Yes'], '"Support" cannot be the name of a session'],
    [['send-vote', 'support', '+49', 'Lunch?', 'two', 'Yes'], '"two" cannot be the seats: use a whole number'],
    [['send-vote', 'support', '+49', 'Lunch?', '2', 'Yes', '--theme', 'red'], '"red" cannot be the theme: use JSON'],
    [['send-vote', 'support', '+49', 'Lunch?', '2', 'Yes', '--style', 'odd'], 'Allowed choices are plain, grand'],
    [['send-vote', 'support', '+49', 'Lunch?', '2', 'Yes', '--picture', '/none/x.png'], 'cannot be read (ENOENT)'],
    [['send-vote', 'support', '+49', 'Lunch?', '2'], "missing required argument 'options'"],
  ])('is not made if %j is written', async (args, sentence) => {
    await expect(run(...args)).rejects.toThrow(sentence);
    expect(asked).toEqual([]);
  });
});

describe('its result', () => {
  test('of a send is the outbox message; one that failed is the failure of the command', async () => {
    const args = ['send-vote', 'support', '+4915112345678', 'Lunch?', '2', 'Yes'];
    answer = MESSAGE;
    expect(await run(...args)).toMatch(/^state +accepted$/m);
    expect(process.exitCode ?? 0).toBe(0);
    answer = { ...MESSAGE, state: 'failed', error: { code: 'WAB_X', message: 'It did not work.' } };
    expect(await run(...args)).toMatch(/^error +It did not work\. \(WAB_X\)$/m);
    expect(process.exitCode).toBe(1);
  });

  test('is a table for a list, with other members below, and all of it for machines', async () => {
    answer = {
      votes: [
        { id: 'v1', closesAt: '2026-11-21T12:00:00.000Z', chat: { chatId: '1@c.us', phone: '+1' }, tally: { yes: 1 } },
        { id: 'v2', closesAt: null, chat: { chatId: '2@g.us' }, tally: {} },
      ],
      more: false,
    };
    const lines = (await run('list', 'support')).split('\n');
    expect(lines[0]).toMatch(/^ID +CLOSES AT +CHAT$/);
    expect(lines[1]).toMatch(/^v1 +2026-11-21 \d\d:00:00 +\+1$/);
    expect(lines[2]).toMatch(/^v2 +- +2@g\.us$/);
    expect(lines.slice(3)).toEqual(['', 'more  false', '']);
    expect(JSON.parse(await run('list', 'support', '--json'))).toEqual(answer);
    answer = { votes: [], more: false };
    expect(await run('list', 'support')).toBe('There is nothing.\n\nmore  false\n');
  });

  test('of something that has nothing to tell is that it is done', async () => {
    answer = null;
    expect(await run('end-now', 'v1')).toBe('Done.\n');
    expect(await run('end-now', 'v1', '--json')).toBe('{"done":true}\n');
    expect(asked[0]).toMatchObject({ method: 'DELETE', path: '/v1/votes/v1' });
  });
});
