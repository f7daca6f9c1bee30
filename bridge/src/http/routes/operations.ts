/**
 * The routes of the operation catalogue: one loop, in which a definition becomes a route with its validation, its scope and
 * its entry in the OpenAPI document. Written by hand are only routes that are not calls with an answer in JSON: the stream,
 * files, the QR code as an image, health and metrics.
 */
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest, FastifySchema } from 'fastify';
import type { TProperties } from 'typebox';
import type { Principal } from '../../auth/keys.ts';
import { partOf, type Operation, type RequestPart } from '../../contract/operation.ts';
import { OPERATIONS } from '../../contract/operations/operations.ts';
import { object } from '../../contract/schema.ts';
import { operationHandlers, type OperationDependencies } from '../../operations/operations.ts';
import { perform } from '../../operations/perform.ts';
import { principalOf } from '../access.ts';
import { answers } from './schemas.ts';

type Fields = Readonly<Record<string, unknown>>;
export const operationRoutes: FastifyPluginAsync<{ deps: OperationDependencies }> = async (app, { deps }) => {
  const handlers = operationHandlers(deps);
  addRoutes(app, OPERATIONS, (operation, input, principal) => perform(handlers, operation, input, principal));
};

/** Adds the route of each operation of a catalogue, which `carryOut` carries out with a valid input. */
export function addRoutes<Defined extends Operation>(
  app: FastifyInstance,
  operations: readonly Defined[],
  carryOut: (operation: Defined, input: Fields, principal: Principal) => Promise<unknown>,
): void {
  for (const operation of operations) {
    const { http, scope, secret }: Operation = operation;
    app.route({
      method: http.method,
      url: http.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      config: { scope },
      ...(http.bodyLimit === undefined ? {} : { bodyLimit: http.bodyLimit }),
      schema: schemaOf(operation),
      handler: async (request, reply) => {
        const result = await carryOut(operation, inputOf(operation, request), principalOf(request));
        if (secret) void reply.header('cache-control', 'no-store');
        return reply.code(http.status).send(http.status === 204 ? null : result);
      },
    });
  }
}

/** Each field from its own part of the request: a query that nobody asked for must not replace what the path says. */
function inputOf({ input, http }: Operation, { params, query, body }: FastifyRequest): Fields {
  const parts = { params, querystring: query, body } as Readonly<Record<RequestPart, Fields | null | undefined>>;
  const fields = Object.keys(input.properties).map((name) => [name, parts[partOf(name, http)]?.[name]] as const);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

/** The parts of a request, each with its share of the input, and what documents the route. */
function schemaOf({ operationId, summary, description, tag, http, input, result }: Operation): FastifySchema {
  const parts: Record<RequestPart, TProperties> = { params: {}, querystring: {}, body: {} };
  for (const [name, schema] of Object.entries(input.properties)) parts[partOf(name, http)][name] = schema;
  const { params, querystring, body } = parts;
  return {
    operationId,
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    ...(isEmpty(params) ? {} : { params: object(params) }),
    ...(isEmpty(querystring) ? {} : { querystring: object(querystring) }),
    ...(isEmpty(body) ? {} : { body: http.body ?? object(body) }),
    response: answers({ [http.status]: result }),
  };
}

const isEmpty = (properties: TProperties): boolean => Object.keys(properties).length === 0;
