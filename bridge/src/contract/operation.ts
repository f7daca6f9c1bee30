/**
 * What wabridge can be asked to do, one definition per operation (`operations/<resource>/<verb>.ts`). HTTP routes with their
 * validation, scope check and documentation are derived from it, and so is the type that its handler must have.
 */
import Type, { type Static, type TObject, type TProperties, type TSchema } from 'typebox';
import type { ErrorCode } from './errors.ts';
import { object } from './schema.ts';
import type { Scope } from './scopes.ts';
import type { SendableKind } from './kinds.ts';

/** Who carries an operation out. */
export type Via =
  /** The bridge by itself. */
  | 'bridge'
  /**
   * An engine, through the outbox, which promises it. `tracked` sends a message of this kind: it has an id, chosen beforehand
   * if the engine can, and WhatsApp can be asked whether it was sent.
   */
  | { readonly outbox: 'tracked'; readonly kind: SendableKind }
  /** Through the outbox as well. A second time changes nothing, so that an unknown outcome is settled by repeating it. */
  | { readonly outbox: 'repeatable' }
  /** An engine, once and at once, within this many milliseconds. It is never stored. */
  | { readonly engine: number };

export interface HttpBinding {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/v1`; `{field}` stands for a field of the input. Other fields are in the body, or in the query of a GET or DELETE. */
  readonly path: `/${string}`;
  /** Of a success. */
  readonly status: 200 | 201 | 202 | 204;
  /** The fields of the body under the name that they have in the OpenAPI document, if they have one. */
  readonly body?: TObject;
  /** Largest body in bytes, if it may be larger than others. */
  readonly bodyLimit?: number;
  /** If several operations share the method and path: what the field `type` of the body is for this one. */
  readonly type?: string;
  /** The same for all operations of the method and path. */
  readonly shared?: SharedRoute;
}

/** What the OpenAPI document says of a method and path that several operations share. */
export interface SharedRoute {
  readonly operationId: string;
  readonly summary: string;
  /** Name of the schema of the body, which is one of those of the operations. */
  readonly body: string;
}

export interface Operation<
  Id extends string = string,
  Input extends TObject = TObject,
  Result extends TSchema = TSchema,
  By extends Via = Via,
> {
  /** `<resource>.<verb>`; never changed, since clients and stored data refer to it. */
  readonly id: Id;
  readonly via: By;
  /** `any` asks for a valid key with whatever scopes. */
  readonly scope: Scope | 'any';
  readonly summary: string;
  readonly description?: string;
  /** The group in the OpenAPI document. */
  readonly tag: string;
  /** Name in the OpenAPI document, after which generated clients name their function. */
  readonly operationId: string;
  readonly http: HttpBinding;
  readonly input: Input;
  readonly result: Result;
  /** The result holds a secret, which no cache may keep. */
  readonly secret?: true;
  /** What it can be refused with, besides what every request can be (signature, scope, session, schema). */
  readonly errors: readonly ErrorCode[];
  /** Inputs as a client writes them. A test holds them against the schema. */
  readonly examples: readonly Readonly<Record<string, unknown>>[];
}

/** Types a definition by what it says. */
export const operation = <
  const Id extends `${string}.${string}`,
  Input extends TObject,
  Result extends TSchema,
  const By extends Via,
>(
  definition: Operation<Id, Input, Result, By>,
): Operation<Id, Input, Result, By> => definition;

/** Whether an operation goes through the outbox, and so needs an idempotency key. */
export const goesThroughOutbox = ({ via }: Pick<Operation, 'via'>): boolean =>
  typeof via === 'object' && 'outbox' in via;
/** Whether an engine is asked for it at once. */
export const isAskedAtOnce = ({ via }: Pick<Operation, 'via'>): boolean => typeof via === 'object' && 'engine' in via;

/** The fields of the input that travel in a part of the HTTP request. */
export const fieldsIn = (part: RequestPart, { input, http }: Pick<Operation, 'input' | 'http'>): TProperties =>
  Object.fromEntries(Object.entries(input.properties).filter(([name]) => partOf(name, http) === part));

/** The schema of a request's body. */
export const bodyOf = (operation: Operation, title?: string): TObject => {
  const { type } = operation.http;
  const fields = fieldsIn('body', operation);
  const all = type === undefined ? fields : { ...fields, type: Type.Literal(type) };
  return object(all, title === undefined ? {} : { title });
};

/** The result of an operation that has nothing to tell. */
export const Nothing = Type.Null({ description: 'Done' });

export type InputOf<Defined extends Operation> = Static<Defined['input']>;
/** Nothing, for an operation that has nothing to tell. */
export type ResultOf<Defined extends Operation> =
  Static<Defined['result']> extends null ? void : Static<Defined['result']>;

/** The parts of an HTTP request that fields of an input travel in. */
export type RequestPart = 'params' | 'querystring' | 'body';

/** In which part of its HTTP request a field of the input travels. */
export function partOf(field: string, { method, path }: HttpBinding): RequestPart {
  if (path.includes(`{${field}}`)) return 'params';
  return method === 'POST' || method === 'PUT' ? 'body' : 'querystring';
}
