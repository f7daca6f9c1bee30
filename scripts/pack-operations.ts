/**
 * The table of operations for the node pack: what `generate-pack-contract.ts` writes to `nodes/shared/operations.generated.ts`.
 * The pack derives an n8n operation with its fields from each entry, so an operation that is added to the catalogue is offered
 * by the node unless it is listed here with a reason.
 */
import type { TSchema } from 'typebox';
import { mediaKindOf, roleOf, textRuleOf } from '../bridge/src/contract/fields.ts';
import { kindOf, type SendableMediaKind } from '../bridge/src/contract/kinds.ts';
import type { Operation } from '../bridge/src/contract/operation.ts';
import { OPERATIONS, type AnyOperation } from '../bridge/src/contract/operations/operations.ts';
import type { FieldEntry, MediaEntry, OperationEntry, ValueEntry } from '../nodes/shared/operation-table.ts';

const KEYS = 'a workflow has no business with the keys of the bridge';
const ADMINISTRATION = 'linking and removing accounts is for those who run the bridge';
const OUTBOX = 'a node that sends waits for the outcome by itself, and events report the rest';
const SUBSCRIPTIONS = 'the trigger manages its subscription by itself';

/** Why the node does not offer an operation. */
export const NOT_OFFERED: Readonly<Partial<Record<AnyOperation['id'], string>>> = {
  'deadLetter.discard': SUBSCRIPTIONS,
  'deadLetter.list': SUBSCRIPTIONS,
  'deadLetter.redrive': SUBSCRIPTIONS,
  'event.list': 'the trigger receives events, from any position',
  'key.issue': KEYS,
  'key.list': KEYS,
  'key.revoke': KEYS,
  'outbox.cancel': OUTBOX,
  'outbox.get': OUTBOX,
  'outbox.list': OUTBOX,
  'outbox.resolve': OUTBOX,
  'session.add': ADMINISTRATION,
  'session.delete': ADMINISTRATION,
  'session.getPairingCode': 'the code is in the answer to the request for one',
  'session.logout': ADMINISTRATION,
  'session.setProxy': ADMINISTRATION,
  'setting.list': 'paths and addresses of the machine are for those who run the bridge',
  'subscription.delete': SUBSCRIPTIONS,
  'subscription.list': SUBSCRIPTIONS,
  'whoami.get': 'the test of the credential asks it',
};

/** The keywords of JSON Schema that fields of operations use. */
interface Schema extends TSchema {
  readonly type?: ValueEntry['type'] | 'null';
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly default?: string | number | boolean;
  readonly description?: string;
}

/** An object without the members that are undefined. */
const defined = <Members extends object>(members: Members): Members =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Members;

function mediaOf(schema: Schema): MediaEntry | undefined {
  const kind = mediaKindOf(schema);
  const file = kind === undefined ? null : kindOf(kind as SendableMediaKind).file;
  return kind === undefined || file === null ? undefined : { kind, mimeTypes: file.mimeTypes };
}

/** The node has one field for these, whatever the operation: their role says it all. */
const KNOWN_TO_THE_NODE: readonly (string | undefined)[] = ['session', 'recipient', 'expiry'];

/** @throws Error for a schema that the pack does not know; then the pack has to learn it */
function valueOf(schema: Schema): ValueEntry {
  const type = schema.type ?? (schema.enum === undefined ? undefined : 'string');
  if (type === undefined || type === 'null')
    throw new Error(`The node has no field for this schema: ${JSON.stringify(schema)}`);
  const { pattern, maxLength, minimum, maximum } = schema;
  return defined({
    type,
    role: roleOf(schema),
    enum: schema.enum,
    pattern,
    maxLength,
    minimum,
    maximum,
    rule: textRuleOf(schema),
    media: mediaOf(schema),
  }) as ValueEntry;
}

function fieldOf(written: Schema, required: boolean): FieldEntry {
  const others = written.anyOf?.filter(({ type }) => type !== 'null') ?? [];
  const nullable = written.anyOf !== undefined && others.length === 1 && written.anyOf.length === 2;
  const schema = nullable ? others[0]! : written;
  const { items, minItems, maxItems } = schema;
  const { type, role } = valueOf(schema);
  if (role !== undefined && KNOWN_TO_THE_NODE.includes(role)) return { type, role, required };
  return defined({
    ...valueOf(schema),
    required,
    nullable: nullable ? true : undefined,
    items: items === undefined ? undefined : valueOf(items),
    minItems,
    maxItems,
    default: written.default ?? schema.default,
    description: written.description ?? schema.description,
  }) as FieldEntry;
}

/** A list if the answer has nothing else. */
function resultOf({ type, properties }: Schema): OperationEntry['result'] {
  if (type === 'null') return 'nothing';
  const [only, ...others] = Object.entries(properties ?? {});
  return only?.[1].type === 'array' && others.length === 0 ? { list: only[0] } : 'object';
}

function carrierOf({ via }: Operation): Pick<OperationEntry, 'carrier' | 'deadlineMs'> {
  if (via === 'bridge') return { carrier: 'bridge' };
  return 'engine' in via ? { carrier: 'engine', deadlineMs: via.engine } : { carrier: 'outbox' };
}

/** What the pack is told of an operation. */
export function entryOf(operation: Operation): OperationEntry {
  const { http, input, result, summary } = operation;
  const required = new Set<string>(input.required ?? []);
  return defined({
    summary,
    ...carrierOf(operation),
    method: http.method,
    path: `/v1${http.path}`,
    type: http.type,
    result: resultOf(result as Schema),
    fields: Object.fromEntries(
      Object.entries(input.properties).map(([name, schema]) => [name, fieldOf(schema as Schema, required.has(name))]),
    ),
  }) as OperationEntry;
}

const quote = (text: string): string => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;
const key = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : quote(name));
const WIDTH = 118;

/** Data as TypeScript, in one line if it is short. */
function literal(value: unknown, indent = ''): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const deeper = `${indent}  `;
  const [open, close, members] = Array.isArray(value)
    ? ['[', ']', value.map((item) => literal(item, deeper))]
    : ['{', '}', Object.entries(value).map(([name, member]) => `${key(name)}: ${literal(member, deeper)}`)];
  const line = open === '[' ? `[${members.join(', ')}]` : members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
  if (!line.includes('\n') && indent.length + line.length < WIDTH) return line;
  return `${open}\n${members.map((member) => `${deeper}${member},\n`).join('')}${indent}${close}`;
}

/** The text of the generated file, in the order of ids, so that it does not depend on the order of the catalogue. */
export function renderPackOperations(): string {
  const offered = OPERATIONS.filter(({ id }) => !(id in NOT_OFFERED)).sort((a, b) => (a.id < b.id ? -1 : 1));
  const table = Object.fromEntries(offered.map((each) => [each.id, entryOf(each)]));
  return [
    '/* Generated by scripts/generate-pack-contract.ts from bridge/src/contract. Do not edit. */',
    '',
    '/** The operations of the catalogue that the node offers. */',
    `export const OPERATIONS = ${literal(table)} as const;`,
    '',
  ].join('\n');
}
