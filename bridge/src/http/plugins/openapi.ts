/** Generates the OpenAPI 3.1 document from the schemas of the routes. */
import swagger, { type SwaggerTransformObject } from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import type { Access } from '../access.ts';
import { Problem } from '../../contract/views/problem.ts';

const DESCRIPTION = `Every request except GET /healthz must be signed with Ed25519 as defined by RFC 9421 (HTTP Message Signatures), tag "wabridge". \
Errors are RFC 9457 problems; their \`code\` is listed in the error catalogue.

Only POST /v1/messages takes an Idempotency-Key. Other POST requests set a state, so repeating them changes nothing \
(sessions, chats, cancel, resolve), or create something that cannot be shown twice (keys). A signed request is executed at most once: \
its nonce cannot be used again.`;

const install = async (app: FastifyInstance, options: { version: string }): Promise<void> => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'wabridge', version: options.version, description: DESCRIPTION },
      components: {
        securitySchemes: {
          signature: {
            type: 'http',
            scheme: 'signature',
            description:
              'RFC 9421 with Ed25519; covered: @method @authority @path @query content-type content-digest idempotency-key',
          },
        },
      },
      security: [{ signature: [] }],
    },
    refResolver: {
      buildLocalReference: (schema, _base, _fragment, index) =>
        typeof schema['$id'] === 'string' ? schema['$id'] : `def-${index}`,
    },
    transform: ({ schema, url, route }) => {
      const scope = (route.config as { scope?: Access } | undefined)?.scope;
      return {
        schema: {
          ...(shielded(schema) as object),
          ...(scope && scope !== 'unsigned' ? { 'x-wabridge-scope': scope } : {}),
        } as typeof schema,
        url,
      };
    },
    transformObject: (document) =>
      withComponents(
        ('openapiObject' in document ? document.openapiObject : {}) as Document,
      ) as ReturnType<SwaggerTransformObject>,
  });
};

export const openapi = plugin(install, { name: 'openapi' });

interface Document {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> };
}

const PROBLEM_TEXT = JSON.stringify(without$id(Problem));

/** Marks a schema that was wrapped only to keep its name. */
const SHIELD = 'x-named';

/** The generator drops the name of a schema that is a whole body or answer; inside a wrapper it survives. */
function shielded(node: unknown, depth = 0): unknown {
  if (Array.isArray(node) || typeof node !== 'object' || node === null || depth > 6) return node;
  if (typeof (node as { $id?: unknown }).$id === 'string') return { [SHIELD]: true, allOf: [node] };
  if ('type' in node && 'properties' in node) return node;
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, shielded(value, depth + 1)]));
}

/** Schemas that have a name (`$id`) become components and are referred to, so that client generators see one type each. */
function withComponents(document: Document): object {
  const schemas: Record<string, unknown> = {};
  const lift = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(lift);
    if (typeof node !== 'object' || node === null) return node;
    const { $id, ...rest } = node as Record<string, unknown>;
    if (SHIELD in rest) return lift((rest['allOf'] as unknown[])[0]);
    const lifted = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, lift(value)]));
    // The generator drops names inside `content`, which is where problems are; they are all the same.
    const name = typeof $id === 'string' ? $id : JSON.stringify(lifted) === PROBLEM_TEXT ? 'Problem' : null;
    if (name === null) return lifted;
    schemas[name] = lifted;
    return { $ref: `#/components/schemas/${name}` };
  };
  const { components = {}, ...rest } = document;
  const lifted = lift({ ...rest, paths: inOrder(document.paths ?? {}) }) as object;
  for (const [name, schema] of Object.entries(components.schemas ?? {}))
    schemas[name] = lift(without$id(schema as object));
  return { ...lifted, components: { ...components, schemas: byName(schemas) } };
}

/** Paths and their methods by name, so that the document does not depend on the order in which routes are registered. */
const inOrder = (paths: NonNullable<Document['paths']>): object =>
  byName(Object.fromEntries(Object.entries(paths).map(([path, methods]) => [path, byName(methods)])));

const byName = (members: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(members).sort(([one], [other]) => (one < other ? -1 : 1)));

function without$id(schema: object): object {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== '$id'));
}
