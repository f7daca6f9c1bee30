/**
 * What the table of operations (`operations.generated.ts`) says of each, as plain data. It is generated from the bridge's
 * catalogue, whose words it uses (`bridge/src/contract/operation.ts`, `fields.ts`).
 */

/** What a field refers to, if it is more than a value. */
export type FieldRole = 'session' | 'recipient' | 'chat' | 'message' | 'media' | 'fileName' | 'expiry';

/** A value, or an item of a list. */
export interface ValueEntry {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';
  readonly role?: FieldRole;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  /** In UTF-16 code units. */
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  /** What a text must be. An empty one may mean something of its own, such as taking a reaction back. */
  readonly rule?: 'visible' | 'visible or empty' | 'emoji or empty';
  /** What files a field of the role `media` takes. */
  readonly media?: MediaEntry;
}

export interface MediaEntry {
  /** As what kind of message the file is sent. */
  readonly kind: string;
  /** Types of files that WhatsApp takes as this kind; `audio/*` stands for every audio type. */
  readonly mimeTypes: readonly string[] | 'any';
}

export interface FieldEntry extends ValueEntry {
  readonly required: boolean;
  /** Whether null says something, such as that there is none. */
  readonly nullable?: true;
  /** Of a list. */
  readonly items?: ValueEntry;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly default?: string | number | boolean;
  readonly description?: string;
}

export interface OperationEntry {
  readonly summary: string;
  /** Who carries it out: the bridge itself, an engine at once, or an engine through the outbox. */
  readonly carrier: 'bridge' | 'engine' | 'outbox';
  /** How long an engine may take at most, in milliseconds. */
  readonly deadlineMs?: number;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `{field}` stands for a field. Other fields are in the body of a POST or PUT, else in the query. */
  readonly path: string;
  /** The field `type` of the body, if several operations share the method and path. */
  readonly type?: string;
  /** The answer: an object, a list under this name, or nothing. */
  readonly result: 'object' | 'nothing' | { readonly list: string };
  readonly fields: Readonly<Record<string, FieldEntry>>;
}
