/**
 * Writes `nodes/shared/contract.generated.ts` and `operations.generated.ts` beside it: what the node pack needs of the bridge's
 * contract, as plain TypeScript.
 * The pack has no runtime dependencies and never imports the bridge, so the vocabulary is generated once and held
 * against its source by `test/contract/pack-contract.test.ts`.
 *
 * Run with Node 24: `node scripts/generate-pack-contract.ts` (add `--check` to compare only).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Address, CHAT_KINDS } from '../bridge/src/contract/address.ts';
import { DEFAULT_TYPING_STATE } from '../bridge/src/contract/chats.ts';
import {
  CLIENT_WAIT_MS,
  DEFAULT_BASE_URL,
  DEFAULT_SEND_WAIT_SECONDS,
  IDEMPOTENCY_DAYS,
  MAX_EXPIRY_SECONDS,
  MAX_WAIT_MS,
} from '../bridge/src/contract/defaults.ts';
import { ERRORS } from '../bridge/src/contract/errors.ts';
import { EVENT_CATALOGUE, EventBody } from '../bridge/src/contract/events.ts';
import { MessageData, messageSchemaName } from '../bridge/src/contract/message-data.ts';
import { MessageMedia } from '../bridge/src/contract/message-media.ts';
import { MAX_TEXT_LENGTH } from '../bridge/src/contract/kind.ts';
import { MESSAGE_KINDS } from '../bridge/src/contract/kinds.ts';
import { SESSION_STATES } from '../bridge/src/contract/session-states.ts';
import { Filter } from '../bridge/src/contract/filter.ts';
import {
  BridgeFrame,
  CLOSE_CODES,
  ClientFrame,
  MAX_AGE_MS,
  MAX_WINDOW,
  STREAM_PROTOCOL,
} from '../bridge/src/contract/frames.ts';
import {
  KEY_ID_PATTERN,
  MEDIA_ID_PATTERN,
  OUTBOX_ID_PATTERN,
  SESSION_NAME_PATTERN,
} from '../bridge/src/contract/ids.ts';
import { OUTBOX_STATES, OutboxMessage } from '../bridge/src/contract/views/outbox-message.ts';
import { Problem } from '../bridge/src/contract/views/problem.ts';
import { SessionView } from '../bridge/src/contract/views/session.ts';
import { Whoami } from '../bridge/src/contract/views/whoami.ts';
import { renderPackOperations } from './pack-operations.ts';

/** The generated files, and what belongs into them. */
export const renderPack = (): readonly (readonly [URL, string])[] => [
  [new URL('../nodes/shared/contract.generated.ts', import.meta.url), renderPackContract()],
  [new URL('../nodes/shared/operations.generated.ts', import.meta.url), renderPackOperations()],
];

/** The parts of JSON Schema that the contract uses. */
interface Schema {
  readonly $id?: string;
  readonly type?: string;
  readonly const?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly description?: string;
}

const quote = (value: string): string => `'${value.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;
const key = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : quote(name));
const indent = (text: string): string => text.replace(/\n/g, '\n  ');

/** Schemas with an `$id` are written once, under that name. */
const NAMED = new Set([
  'Address',
  'MessageMedia',
  'MessageData',
  'Filter',
  'Event',
  'OutboxMessage',
  ...MESSAGE_KINDS.map(messageSchemaName),
]);

function typeOf(schema: Schema, root = false): string {
  if (!root && schema.$id !== undefined && NAMED.has(schema.$id)) return schema.$id;
  if (schema.const !== undefined) return typeof schema.const === 'string' ? quote(schema.const) : String(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(quote).join(' | ');
  // Which of several objects it is depends on a field beside it.
  if (schema.anyOf !== undefined && schema.patternProperties === undefined) {
    const members = [...new Set(schema.anyOf.map((member) => typeOf(member)))];
    // A literal beside `string` says nothing to the compiler.
    return members.filter((member) => !(member.startsWith("'") && members.includes('string'))).join(' | ');
  }
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  if (schema.type === 'string' || schema.type === 'boolean' || schema.type === 'null') return schema.type;
  if (schema.type === 'array') {
    const item = schema.items === undefined ? 'unknown' : typeOf(schema.items);
    return item.includes('|') ? `(${item})[]` : `${item}[]`;
  }
  if (schema.patternProperties !== undefined) {
    const value = Object.values(schema.patternProperties)[0];
    return `Record<string, ${value === undefined ? 'unknown' : typeOf(value)}>`;
  }
  if (schema.type === 'object') {
    const required = new Set(schema.required ?? []);
    const lines = Object.entries(schema.properties ?? {}).map(([name, property]) => {
      const comment = property.description === undefined ? '' : `/** ${property.description} */\n`;
      return `${comment}${key(name)}${required.has(name) ? '' : '?'}: ${typeOf(property)};`;
    });
    return `{\n  ${indent(lines.join('\n'))}\n}`;
  }
  if (schema.type === undefined) return 'unknown';
  throw new Error(`The generator does not know this schema: ${JSON.stringify(schema)}`);
}

const alias = (name: string, schema: unknown): string => `export type ${name} = ${typeOf(schema as Schema, true)};\n`;
const list = (name: string, values: readonly string[]): string =>
  `export const ${name} = [\n${values.map((value) => `  ${quote(value)},\n`).join('')}] as const;\n`;
const object = (name: string, entries: readonly (readonly [string, string])[]): string =>
  `export const ${name} = {\n${entries.map(([entry, value]) => `  ${key(entry)}: ${value},\n`).join('')}} as const;\n`;

const capitalized = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;

/** One type for each schema of a union, and the union. */
const union = (schema: Schema): string =>
  [...(schema.anyOf ?? []), schema].map((each) => alias(each.$id as string, each)).join('\n');

/** One named type per frame and a union of them, so that a `switch` over `type` narrows. */
function frames(union: string, schema: unknown): string {
  const members = ((schema as Schema).anyOf ?? []).map((member) => {
    const type = String(member.properties?.['type']?.const);
    return { name: `${union}${capitalized(type)}`, member };
  });
  return [
    ...members.map(({ name, member }) => alias(name, member)),
    `export type ${union}Frame = ${members.map(({ name }) => name).join(' | ')};\n`,
  ].join('\n');
}

/** A constant with its comment, if its name does not say all. */
const constant = (name: string, value: string | number, comment?: string): string =>
  `${comment === undefined ? '' : `/** ${comment} */\n`}export const ${name} = ${typeof value === 'string' ? quote(value) : value};\n`;

const CONSTANTS = [
  constant('STREAM_PROTOCOL', STREAM_PROTOCOL),
  constant('MAX_WINDOW', MAX_WINDOW, 'Most events that a subscription may have in flight.'),
  constant('MAX_AGE_MS', MAX_AGE_MS, 'Largest age that a client may state, in milliseconds.'),
  constant('MAX_TEXT_LENGTH', MAX_TEXT_LENGTH, 'Longest text WhatsApp takes, in UTF-16 code units.'),
  constant('DEFAULT_BASE_URL', DEFAULT_BASE_URL, 'Where a bridge on the same machine answers unless told otherwise.'),
  constant('MAX_WAIT_MS', MAX_WAIT_MS, 'Longest time that a request may wait for its result, in ms.'),
  constant(
    'CLIENT_WAIT_MS',
    CLIENT_WAIT_MS,
    'How long one request waits, in ms: below the 30 s after which strict proxies cut it off.',
  ),
  constant(
    'DEFAULT_SEND_WAIT_SECONDS',
    DEFAULT_SEND_WAIT_SECONDS,
    'How long to wait until WhatsApp has accepted a message, in seconds.',
  ),
  constant('IDEMPOTENCY_DAYS', IDEMPOTENCY_DAYS, 'Days that an idempotency key replays its first answer.'),
  constant('MAX_EXPIRY_SECONDS', MAX_EXPIRY_SECONDS, 'Longest time a message may wait to be sent, in seconds.'),
  constant('SESSION_NAME_PATTERN', SESSION_NAME_PATTERN),
  constant('MEDIA_ID_PATTERN', MEDIA_ID_PATTERN),
  constant('OUTBOX_ID_PATTERN', OUTBOX_ID_PATTERN),
  constant('KEY_ID_PATTERN', KEY_ID_PATTERN),
];

/** What the pack offers for choice, and what it knows of events, errors and the stream. */
const catalogues = (): readonly string[] => [
  list('CHAT_KINDS', CHAT_KINDS) + 'export type ChatKind = (typeof CHAT_KINDS)[number];\n',
  constant('DEFAULT_TYPING_STATE', DEFAULT_TYPING_STATE, 'What is shown in a chat unless another state is asked for.'),
  list('SESSION_STATES', SESSION_STATES) + 'export type SessionState = (typeof SESSION_STATES)[number];\n',
  list('OUTBOX_STATES', OUTBOX_STATES) + 'export type OutboxState = (typeof OUTBOX_STATES)[number];\n',
  '/** Every event type, what it means, and whether its data is message content (a key needs `messages:read` for it). */\n' +
    object(
      'EVENT_TYPES',
      Object.entries(EVENT_CATALOGUE).map(([type, { description, content }]) => [
        type,
        `{ description: ${quote(description)}, content: ${String(content)} }`,
      ]),
    ) +
    'export type EventType = keyof typeof EVENT_TYPES;\n',
  '/** WebSocket close codes of the stream and whether to reconnect after them. */\n' +
    object(
      'CLOSE_CODES',
      Object.entries(CLOSE_CODES).map(([code, { name, reconnect, means }]) => [
        code,
        `{ name: ${quote(name)}, reconnect: ${String(reconnect)}, means: ${quote(means)} }`,
      ]),
    ),
  '/** Every error code, its HTTP status, and whether the same request can succeed later without a change. */\n' +
    object(
      'ERROR_CODES',
      Object.entries(ERRORS).map(([code, { status, retryable }]) => [
        code,
        `{ status: ${status}, retryable: ${String(retryable)} }`,
      ]),
    ) +
    'export type ErrorCode = keyof typeof ERROR_CODES;\n',
];

/** What the bridge answers and sends. */
const types = (): readonly string[] => [
  alias('Address', Address),
  alias('MessageMedia', MessageMedia),
  union(MessageData as Schema),
  `export interface EventData {\n${Object.entries(EVENT_CATALOGUE)
    .map(([type, { data }]) => `  ${quote(type)}: ${indent(typeOf(data as Schema))};\n`)
    .join('')}}\n`,
  alias('Event', EventBody),
  alias('Filter', Filter),
  alias('OutboxMessage', OutboxMessage),
  alias('SessionView', SessionView),
  alias('Whoami', Whoami),
  alias('Problem', Problem),
  frames('Client', ClientFrame),
  frames('Bridge', BridgeFrame),
];

/** The text of the generated file. */
export const renderPackContract = (): string =>
  [
    '/* Generated by scripts/generate-pack-contract.ts from bridge/src/contract. Do not edit. */\n',
    CONSTANTS.join(''),
    ...catalogues(),
    ...types(),
  ].join('\n');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of renderPack()) {
    if (!process.argv.includes('--check')) {
      writeFileSync(path, text);
    } else if (readFileSync(path, 'utf8') !== text) {
      console.error(`${fileURLToPath(path)} differs from bridge/src/contract. Run \`npm run generate\`.`);
      process.exitCode = 1;
    }
  }
}
