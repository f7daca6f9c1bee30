/**
 * The routes of the operation catalogue: one loop, in which a definition becomes a route with its validation, its scope and
 * its entry in the OpenAPI document. Written by hand are only routes that are not calls with an answer in JSON: the stream,
 * files, the QR code as an image, health and metrics.
 */
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest, FastifySchema } from 'fastify';
import Type, { type TProperties } from 'typebox';
import type { Principal } from '../../auth/keys.ts';
import { IDEMPOTENCY_DAYS } from '../../contract/defaults.ts';
import { WabError } from '../../contract/errors.ts';
import { WaitMs } from '../../contract/fields.ts';
import {
  bodyOf,
  fieldsIn,
  goesThroughOutbox,
  partOf,
  type Operation,
  type RequestPart,
} from '../../contract/operation.ts';
import { OPERATIONS } from '../../contract/operations/operations.ts';
import { object } from '../../contract/schema.ts';
import type { CallOptions } from '../../operations/handler.ts';
import { operationHandlers, type OperationDependencies } from '../../operations/operations.ts';
import { perform } from '../../operations/perform.ts';
import { principalOf } from '../access.ts';
import { answers } from './schemas.ts';

type Fields = Readonly<Record<string, unknown>>;
/** Operations of one method and path: one, or several that the body's field `type` tells apart. */
type Route<Defined extends Operation> = readonly [Defined, ...Defined[]];

export const operationRoutes: FastifyPluginAsync<{ deps: OperationDependencies }> = async (app, { deps }) => {
  const handlers = operationHandlers(deps);
  addRoutes(app, OPERATIONS, (operation, input, principal, options) =>
    perform(handlers, operation, input, principal, options),
  );
};

/** Adds the routes of the operations of a catalogue, which `carryOut` carries out with a valid input. */
export function addRoutes<Defined extends Operation>(
  app: FastifyInstance,
  operations: readonly Defined[],
  carryOut: (operation: Defined, input: Fields, principal: Principal, options: CallOptions) => Promise<unknown>,
): void {
  for (const route of routesOf(operations)) {
    const { http, scope, secret }: Operation = route[0];
    app.route({
      method: http.method,
      url: http.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      config: { scope },
      ...(http.bodyLimit === undefined ? {} : { bodyLimit: http.bodyLimit }),
      schema: schemaOf(route),
      handler: async (request, reply) => {
        const operation = meantBy(route, request.body);
        const options = goesThroughOutbox(operation) ? optionsOf(request) : {};
        const result = await carryOut(operation, inputOf(operation, request), principalOf(request), options);
        if (secret) void reply.header('cache-control', 'no-store');
        return reply.code(http.status).send(http.status === 204 ? null : result);
      },
    });
  }
}

function routesOf<Defined extends Operation>(operations: readonly Defined[]): readonly Route<Defined>[] {
  const routes = new Map<string, [Defined, ...Defined[]]>();
  for (const operation of operations) {
    const { method, path } = operation.http;
    const route = routes.get(`${method} ${path}`);
    if (route) route.push(operation);
    else routes.set(`${method} ${path}`, [operation]);
  }
  return [...routes.values()];
}

const meantBy = <Defined extends Operation>(route: Route<Defined>, body: unknown): Defined =>
  route.find(({ http }) => http.type === (body as { type?: unknown } | null)?.type) ?? route[0];

// Open, since a request has other headers too.
const OutboxHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ description: `required; 1 to 255 visible characters, kept for ${IDEMPOTENCY_DAYS} days` }),
  ),
});
const OUTBOX_QUERY = {
  firstAnswer: Type.Optional(
    Type.Boolean({ description: 'a known Idempotency-Key returns its first message even if the body differs' }),
  ),
  waitMs: WaitMs,
};
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

function optionsOf({ headers, query }: FastifyRequest): CallOptions {
  const idempotencyKey = headers['idempotency-key'];
  if (typeof idempotencyKey !== 'string' || !IDEMPOTENCY_KEY.test(idempotencyKey))
    throw new WabError('WAB_IDEMPOTENCY_KEY_MISSING');
  return { ...(query as Pick<CallOptions, 'firstAnswer' | 'waitMs'>), idempotencyKey };
}

/** Each field from its own part of the request: a query that nobody asked for must not replace what the path says. */
function inputOf({ input, http }: Operation, { params, query, body }: FastifyRequest): Fields {
  const parts = { params, querystring: query, body } as Readonly<Record<RequestPart, Fields | null | undefined>>;
  const fields = Object.keys(input.properties).map((name) => [name, parts[partOf(name, http)]?.[name]] as const);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

/** The parts of a request, each with its share of the input, and what documents the route. */
function schemaOf([first, ...others]: Route<Operation>): FastifySchema {
  const { operationId, summary, description, tag, http, result } = first;
  const takesOptions = goesThroughOutbox(first);
  const params = fieldsIn('params', first);
  const querystring = { ...(takesOptions ? OUTBOX_QUERY : {}), ...fieldsIn('querystring', first) };
  const { shared } = http;
  return {
    ...(shared ? { operationId: shared.operationId, summary: shared.summary } : { operationId, summary }),
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    ...(isEmpty(params) ? {} : { params: object(params) }),
    ...(takesOptions ? { headers: OutboxHeaders } : {}),
    ...(isEmpty(querystring) ? {} : { querystring: object(querystring) }),
    ...(shared
      ? {
          body: Type.Union(
            [first, ...others].map((each) => bodyOf(each, each.operationId)),
            { $id: shared.body },
          ),
        }
      : isEmpty(fieldsIn('body', first))
        ? {}
        : { body: http.body ?? bodyOf(first) }),
    response: answers({ [http.status]: result }),
  };
}

const isEmpty = (properties: TProperties): boolean => Object.keys(properties).length === 0;
