/**
 * Validation by TypeBox. Bodies are taken as they are; query and path parameters are text, and become numbers and
 * booleans only if the text is exactly one. Unknown fields are refused, never dropped.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import { WabError } from '../contract/errors.ts';
import { explainFaults, type Fault } from '../contract/schema-faults.ts';
import { validatorOf } from '../contract/validator.ts';

interface RouteSchema {
  readonly schema: unknown;
  readonly httpPart?: string;
}
type Outcome = { value: unknown } | { error: Error };
interface ObjectSchema {
  readonly anyOf?: readonly (ObjectSchema & TSchema)[];
  readonly properties?: Readonly<Record<string, { readonly type?: string; readonly const?: unknown }>>;
}

const PART_NAMES: Readonly<Record<string, string>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'headers',
};

/** Validator compiler for fastify. Errors name the field and never repeat its value. */
export function compileValidator({ schema, httpPart }: RouteSchema): (value: unknown) => Outcome {
  const part = PART_NAMES[httpPart ?? 'body'] ?? 'request';
  const typed = schema as TSchema;
  const validator = validatorOf(typed);
  const { anyOf = [] } = typed as ObjectSchema;
  const variants = anyOf.map((variant) => ({ isNamedBy: namesVariant(variant), validator: validatorOf(variant) }));
  const types = typesOf(anyOf);

  return (value) => {
    const input = httpPart === 'querystring' || httpPart === 'params' ? fromText(typed, value) : value;
    const check = validator();
    if (check.Check(input)) return { value: input };
    const chosen = variants.find(({ isNamedBy }) => isNamedBy(input));
    if (!chosen && types && isObject(input)) return refusal(`${part} type must be one of ${types.join(', ')}`);
    const faults = [...(chosen ? chosen.validator() : check).Errors(input)] as unknown as readonly Fault[];
    return refusal(explainFaults(part, faults));
  };
}

const refusal = (reason: string): Outcome => ({ error: new WabError('WAB_INVALID_REQUEST', { reason }) });

const isObject = (input: unknown): input is object =>
  typeof input === 'object' && input !== null && !Array.isArray(input);

/** Responses are built by typed code, so the schemas document them and do not rewrite them. */
export const compileSerializer =
  () =>
  (value: unknown): string =>
    JSON.stringify(value);

/** A route without a body schema takes no body, or an empty object. */
export async function refuseUnexpectedBody(request: FastifyRequest, _reply: FastifyReply): Promise<void> {
  const schema = request.routeOptions.schema;
  const body: unknown = request.body;
  if (schema?.body !== undefined || body === undefined || body === null) return;
  if (typeof body === 'object' && 'pipe' in body) return;
  if (typeof body === 'object' && !Array.isArray(body) && Object.keys(body).length === 0) return;
  throw new WabError('WAB_INVALID_REQUEST', { reason: 'this request must not have a body' });
}

function fromText(schema: ObjectSchema, value: unknown): unknown {
  const properties = schema.properties;
  if (properties === undefined || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, raw]) => [
      name,
      typeof raw === 'string' ? scalar(properties[name]?.type, raw) : raw,
    ]),
  );
}

function scalar(type: string | undefined, raw: string): unknown {
  if (type === 'integer' && /^-?\d{1,15}$/.test(raw)) return Number(raw);
  if (type === 'boolean' && (raw === 'true' || raw === 'false')) return raw === 'true';
  return raw;
}

/** The types of a union of objects, each of which has one of its own; null for any other schema. */
function typesOf(variants: readonly ObjectSchema[]): readonly string[] | null {
  const types = variants.map(({ properties }) => properties?.['type']?.const);
  return types.length > 0 && types.every((type) => typeof type === 'string') ? types : null;
}

/** In a union of objects told apart by `type`: whether the input means this variant. */
function namesVariant({ properties }: ObjectSchema): (input: unknown) => boolean {
  const type = properties?.['type'];
  if (type === undefined) return () => false;
  const validator = validatorOf(type as TSchema);
  return (input) =>
    typeof input === 'object' && input !== null && validator().Check((input as { type?: unknown }).type);
}
