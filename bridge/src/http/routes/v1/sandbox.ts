/** Drives the simulated phones of sandbox sessions. Nothing here is WhatsApp, and every answer says so in a header. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { WabError } from '../../../contract/errors.ts';
import { WaitMs } from '../../../contract/fields.ts';
import { SESSION_NAME_PATTERN, type SessionName } from '../../../contract/ids.ts';
import { listOf, object } from '../../../contract/schema.ts';
import {
  SandboxAccount,
  SandboxOperation,
  SandboxOperationFilter,
  SandboxContact,
  SandboxFaults,
  SandboxInboxEntry,
  SandboxInboxFilter,
  SandboxOwnMessage,
  SandboxInboundMessage,
} from '../../../engine/sandbox/sandbox-contract.ts';
import type { SandboxControl } from '../../../engine/sandbox/sandbox-control.ts';
import { requireSession } from '../../../auth/permissions.ts';
import { principalOf } from '../../access.ts';
import type { AppDependencies } from '../../services.ts';
import { answers, Empty } from '../schemas.ts';

/** A file travels inside the JSON body here, since this is for trying out. */
const RECEIVE_BODY_LIMIT = 24 * 1024 * 1024;
const Params = object({ session: Type.String({ pattern: SESSION_NAME_PATTERN }) });
const MessageRef = object({ messageId: Type.String() });
const waiting = {
  atLeast: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'with waitMs: answer once there are this many' }),
  ),
  waitMs: WaitMs,
};
const InboxQuery = object({ ...SandboxInboxFilter.properties, ...waiting });
const OperationsQuery = object({ ...SandboxOperationFilter.properties, ...waiting });
const ScanBody = object({
  code: Type.Optional(
    Type.String({
      maxLength: 1000,
      description: 'scan only if this is still the code shown; a pairing code is entered on the phone instead',
    }),
  ),
  phone: Type.Optional(
    Type.String({
      maxLength: 80,
      description: 'number of another simulated phone that scans, to link another account',
    }),
  ),
});
const DisconnectBody = object({ forMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 3_600_000 })) });

type Needs = { deps: Pick<AppDependencies, 'sandbox' | 'engines'> };

export const sandboxRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { deps: { sandbox, engines } }) => {
  const config = { scope: 'sessions:manage' } as const;
  const tags = ['sandbox (simulated)'];
  app.addHook('onRequest', async (_request, reply) => {
    void reply.header('x-wabridge-simulated', 'true');
  });

  /** The control and the session that a request is for. */
  const target = (request: FastifyRequest): [SandboxControl, SessionName] => {
    const session = requireSession(principalOf(request), (request.params as { session: string }).session);
    if (sandbox === null)
      throw new WabError('WAB_ENGINE_NOT_ENABLED', { engine: 'sandbox', enabled: engines.join(', ') });
    return [sandbox, session];
  };

  app.get(
    '/sandbox/:session',
    {
      config,
      schema: {
        operationId: 'sandboxAccount',
        summary: 'The account as the simulated network sees it',
        tags,
        params: Params,
        response: answers({ 200: SandboxAccount }),
      },
    },
    async (request) => {
      const [control, session] = target(request);
      return control.account(session);
    },
  );

  app.post(
    '/sandbox/:session/receive',
    {
      config,
      bodyLimit: RECEIVE_BODY_LIMIT,
      schema: {
        operationId: 'sandboxReceive',
        summary: 'Someone writes to the account',
        tags,
        params: Params,
        body: SandboxInboundMessage,
        response: answers({ 201: MessageRef }),
      },
    },
    async (request, reply) => {
      const [control, session] = target(request);
      return reply.code(201).send(await control.receive(session, request.body));
    },
  );

  app.post(
    '/sandbox/:session/send-from-phone',
    {
      config,
      schema: {
        operationId: 'sandboxSendFromPhone',
        summary: 'The owner types a message on the phone',
        tags,
        params: Params,
        body: SandboxOwnMessage,
        response: answers({ 201: MessageRef }),
      },
    },
    async (request, reply) => {
      const [control, session] = target(request);
      return reply.code(201).send(await control.sendFromPhone(session, request.body));
    },
  );

  app.get(
    '/sandbox/:session/inbox',
    {
      config,
      schema: {
        operationId: 'sandboxInbox',
        summary: 'Messages that arrived on the phones of others',
        tags,
        params: Params,
        querystring: InboxQuery,
        response: answers({ 200: listOf(SandboxInboxEntry) }),
      },
    },
    async (request) => {
      const [control, session] = target(request);
      const { atLeast = 1, waitMs, ...filter } = request.query;
      return waitMs === undefined
        ? control.inbox(session, filter)
        : control.waitForInbox(session, filter, atLeast, waitMs);
    },
  );

  app.get(
    '/sandbox/:session/operations',
    {
      config,
      schema: {
        operationId: 'sandboxOperations',
        summary: 'What others have seen of the account other than messages: reactions, read state, typing',
        tags,
        params: Params,
        querystring: OperationsQuery,
        response: answers({ 200: listOf(SandboxOperation) }),
      },
    },
    async (request) => {
      const [control, session] = target(request);
      const { atLeast = 1, waitMs, ...filter } = request.query;
      return waitMs === undefined
        ? control.operations(session, filter)
        : control.waitForOperations(session, filter, atLeast, waitMs);
    },
  );

  app.post(
    '/sandbox/:session/scan',
    {
      config,
      schema: {
        operationId: 'sandboxScan',
        summary: 'Scan the QR code shown, or enter a pairing code',
        tags,
        params: Params,
        body: ScanBody,
        response: answers({ 204: Empty }),
      },
    },
    async (request, reply) => {
      const [control, session] = target(request);
      await control.scan(session, request.body.code, request.body.phone);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/sandbox/:session/disconnect',
    {
      config,
      schema: {
        operationId: 'sandboxDisconnect',
        summary: 'Break the connection for a while',
        tags,
        params: Params,
        body: DisconnectBody,
        response: answers({ 204: Empty }),
      },
    },
    async (request, reply) => {
      const [control, session] = target(request);
      await control.disconnect(session, request.body.forMs);
      return reply.code(204).send(null);
    },
  );

  const operations = {
    unlink: { operationId: 'sandboxUnlink', summary: 'Remove the linked device on the phone' },
    crash: { operationId: 'sandboxCrash', summary: 'Make the engine crash, as a browser can' },
  } as const;
  for (const operation of ['unlink', 'crash'] as const) {
    app.post(
      `/sandbox/:session/${operation}`,
      { config, schema: { ...operations[operation], tags, params: Params, response: answers({ 204: Empty }) } },
      async (request, reply) => {
        const [control, session] = target(request);
        await control[operation](session);
        return reply.code(204).send(null);
      },
    );
  }

  app.get(
    '/sandbox/:session/faults',
    {
      config,
      schema: {
        operationId: 'sandboxFaults',
        summary: 'The active faults',
        tags,
        params: Params,
        response: answers({ 200: SandboxFaults }),
      },
    },
    async (request) => {
      const [control, session] = target(request);
      return control.faults(session);
    },
  );

  app.put(
    '/sandbox/:session/faults',
    {
      config,
      schema: {
        operationId: 'sandboxSetFaults',
        summary: 'Replace all faults; {} clears all of them',
        tags,
        params: Params,
        body: SandboxFaults,
        response: answers({ 204: Empty }),
      },
    },
    async (request, reply) => {
      const [control, session] = target(request);
      await control.setFaults(session, request.body);
      return reply.code(204).send(null);
    },
  );

  app.get(
    '/sandbox/:session/contacts',
    {
      config,
      schema: {
        operationId: 'sandboxContacts',
        summary: 'The contacts added',
        tags,
        params: Params,
        response: answers({ 200: listOf(SandboxContact) }),
      },
    },
    async (request) => {
      const [control, session] = target(request);
      return control.contacts(session);
    },
  );

  app.put(
    '/sandbox/:session/contacts',
    {
      config,
      schema: {
        operationId: 'sandboxPutContact',
        summary: 'Add a contact',
        tags,
        params: Params,
        body: SandboxContact,
        response: answers({ 204: Empty }),
      },
    },
    async (request, reply) => {
      const [control, session] = target(request);
      await control.putContact(session, request.body);
      return reply.code(204).send(null);
    },
  );
};
