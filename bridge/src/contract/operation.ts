/**
 * What wabridge can be asked to do, one definition per operation (`operations/<resource>/<verb>.ts`). HTTP routes with their
 * validation, scope check and documentation are derived from it, and so is the type that its handler must have.
 */
import Type, { type Static, type TObject, type TSchema } from 'typebox';
import type { ErrorCode } from './errors.ts';
import type { Scope } from './scopes.ts';

/**
 * Who carries an operation out. So far the bridge by itself; an engine with a deadline and the outbox with its retry class
 * become members with the first operations that need them.
 */
export type Via = 'bridge';

export interface HttpBinding {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/v1`; `{field}` stands for a field of the input. Other fields are in the body, or in the query of a GET or DELETE. */
  readonly path: `/${string}`;
  /** Of a success. */
  readonly status: 200 | 201 | 204;
  /** The fields of the body under the name that they have in the OpenAPI document, if they have one. */
  readonly body?: TObject;
  /** Largest body in bytes, if it may be larger than others. */
  readonly bodyLimit?: number;
}

export interface Operation<
  Id extends string = string,
  Input extends TObject = TObject,
  Result extends TSchema = TSchema,
> {
  /** `<resource>.<verb>`; never changed, since clients and stored data refer to it. */
  readonly id: Id;
  readonly via: Via;
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
export const operation = <const Id extends `${string}.${string}`, Input extends TObject, Result extends TSchema>(
  definition: Operation<Id, Input, Result>,
): Operation<Id, Input, Result> => definition;

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
