/**
 * What a driver may tell the simulated phone network, and what it gets back. Plain JSON throughout, because the network
 * may live in another process. Nothing here is WhatsApp: it is a simulation, for trying out and for tests.
 */
import Type, { type Static, type TObject } from 'typebox';
import { Address } from '../../contract/address.ts';
import { TYPING_STATES } from '../../contract/chats.ts';
import { kindOf, MESSAGE_KINDS } from '../../contract/kinds.ts';
import { ACK_LEVELS } from '../../contract/message-data.ts';
import { literals, nullable, object, Timestamp } from '../../contract/schema.ts';
import { arrivedFieldsOf, WRITTEN_CONTENT, type ArrivedContent } from './written-content.ts';

/** Somebody writes to the account. `from` and `group` take any form of an address (`+49…`, `…@c.us`, `…@lid`, `…@g.us`). */
export const SandboxInboundMessage = object(
  {
    from: Type.String({ minLength: 3, maxLength: 80 }),
    group: Type.Optional(
      Type.String({ minLength: 3, maxLength: 80, description: 'chat id of a group; absent for a direct chat' }),
    ),
    ...WRITTEN_CONTENT,
    quotedMessageId: Type.Optional(Type.String({ maxLength: 200 })),
    mentions: Type.Optional(Type.Array(Type.String({ maxLength: 80 }), { maxItems: 1024 })),
  },
  { $id: 'SandboxInboundMessage' },
);
export type SandboxInboundMessage = Static<typeof SandboxInboundMessage>;

/** The owner writes a message on the account's own phone. */
export const SandboxOwnMessage = object(
  { to: Type.String({ minLength: 3, maxLength: 80 }), ...WRITTEN_CONTENT },
  { $id: 'SandboxOwnMessage' },
);
export type SandboxOwnMessage = Static<typeof SandboxOwnMessage>;

const beforeContent = {
  messageId: Type.String({ description: 'stays the same no matter how often it was transmitted' }),
  chat: Address,
  via: literals(['bridge', 'phone'], {
    description: 'sent by the linked device (wabridge), or written on the phone of the account',
  }),
};
const afterContent = {
  mentions: Type.Array(Type.String()),
  quotedMessageId: nullable(Type.String()),
  receivedAt: Timestamp,
  transmissions: Type.Integer({
    description: 'how often this id reached the network; the receiving phone shows a repeated id once',
  }),
};

/** A message that reached somebody, as it stands on that person's phone: with the fields of its kind. */
export const SandboxInboxEntry = Type.Unsafe<SandboxInboxEntry>(
  Type.Union(
    MESSAGE_KINDS.map((kind) => {
      const content = { kind: Type.Literal(kind), ...arrivedFieldsOf(kindOf(kind)) };
      return object({ ...beforeContent, ...content, ...afterContent });
    }),
    { $id: 'SandboxInboxEntry' },
  ),
);
export type SandboxInboxEntry = Static<TObject<typeof beforeContent & typeof afterContent>> & ArrivedContent;

/** Which part of the inbox; what is missing does not restrict. */
export const SandboxInboxFilter = object(
  {
    to: Type.Optional(Type.String({ minLength: 3, maxLength: 80 })),
    text: Type.Optional(Type.String({ description: 'the whole text, exactly' })),
    via: Type.Optional(literals(['bridge', 'phone'])),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'how many of the newest to return' }),
    ),
  },
  { $id: 'SandboxInboxFilter' },
);
export type SandboxInboxFilter = Static<typeof SandboxInboxFilter>;

const OPERATION_KINDS = ['reaction', 'read', 'typing'] as const;

/** What the other side saw of the account besides messages. */
export const SandboxOperation = object(
  {
    kind: literals(OPERATION_KINDS),
    chat: Address,
    messageId: nullable(Type.String(), { description: 'reaction: the message reacted to' }),
    emoji: nullable(Type.String(), { description: 'reaction: empty if it was removed' }),
    state: nullable(literals(TYPING_STATES), { description: 'typing: what is shown' }),
    read: nullable(Type.Integer(), { description: 'read: how many messages it marked as read' }),
    at: Timestamp,
  },
  { $id: 'SandboxOperation' },
);
export type SandboxOperation = Static<typeof SandboxOperation>;

/** Which of the operations; what is missing does not restrict. */
export const SandboxOperationFilter = object(
  {
    to: Type.Optional(Type.String({ minLength: 3, maxLength: 80 })),
    kind: Type.Optional(literals(OPERATION_KINDS)),
  },
  { $id: 'SandboxOperationFilter' },
);
export type SandboxOperationFilter = Static<typeof SandboxOperationFilter>;

/** A person whom the account may write with. Numbers that nobody declared exist, unless they end in 000000. */
export const SandboxContact = object(
  {
    phone: Type.String({ minLength: 3, maxLength: 80 }),
    name: Type.Optional(Type.String({ maxLength: 100 })),
    lid: Type.Optional(Type.String({ pattern: '^[0-9]{1,40}@lid$' })),
    /** WhatsApp shows only the lid. */
    hidesPhone: Type.Optional(Type.Boolean()),
    exists: Type.Optional(Type.Boolean({ description: 'false: WhatsApp has no such account' })),
  },
  { $id: 'SandboxContact' },
);
export type SandboxContact = Static<typeof SandboxContact>;

/**
 * When a fault applies: the next `count` times, or each time with `probability`, or both (at most `count` times).
 * With neither: once.
 */
const FaultSpec = object({
  count: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
  probability: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  delayMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 3_600_000 })),
  fromLevel: Type.Optional(
    literals(ACK_LEVELS.slice(0, 3), { description: 'ackLost: the first level that never arrives' }),
  ),
});
export type FaultSpec = Static<typeof FaultSpec>;

export const FAULTS = {
  sendRefused: 'the network refuses the message for good',
  sendDeferred: 'the network reports that it accepts nothing now; the message is not sent',
  sendHangs: 'the request is lost: nothing is sent and no answer arrives',
  sendLate: 'the message is sent only after delayMs, and answered then',
  answerLost: 'the message is sent, but the answer never arrives',
  answerLate: 'the message is sent at once, but the answer arrives after delayMs',
  dropBeforeSend: 'the connection breaks before the message is sent',
  dropAfterSend: 'the message is sent, and the connection breaks before the answer arrives',
  sendFailsLater: 'the message is accepted and fails afterwards',
  ackLost: 'no acknowledgement of the level fromLevel (default: server) or higher ever arrives for the message',
  ackDuplicated: 'an acknowledgement is reported twice',
  ownMessageEchoed: 'a message sent by the bridge is reported back as a message of the account',
  inboundDuplicated: 'an incoming message is reported twice',
  redeliverOnReconnect: 'after a reconnect the last messages are reported again',
  mediaGone: 'an incoming file can no longer be fetched',
  mediaDeferred: 'an incoming file cannot be fetched now',
  mediaHangs: 'fetching an incoming file never ends',
  sendStatusUnknown: 'the network cannot say whether a message was sent',
  operationHangs: 'marking a chat as read, or typing, is lost: nobody sees it and no answer arrives',
  pairingLimited: 'the network refuses to give more pairing codes for now',
  connectRefused: 'the network refuses the connection',
  connectHangs: 'the network does not answer the connection',
  readyMissing: 'the device is accepted, but never becomes ready',
} as const;
export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];

/** How long the simulated network takes, in milliseconds. Each acknowledgement waits for the one before. */
const Delays = object({
  answer: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 600_000, description: 'until a send is answered, default 2' }),
  ),
  server: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 600_000, description: 'until the server acknowledges, default 10' }),
  ),
  delivered: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 600_000, description: 'from there until it is delivered, default 40' }),
  ),
  read: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 600_000, description: 'from there until it is read, default 80' }),
  ),
});

export const SandboxFaults = object(
  {
    ...(Object.fromEntries(
      FAULT_NAMES.map((name) => [name, Type.Optional({ ...FaultSpec, description: FAULTS[name] } as typeof FaultSpec)]),
    ) as Record<FaultName, ReturnType<typeof Type.Optional<typeof FaultSpec>>>),
    delays: Type.Optional(Delays),
  },
  { $id: 'SandboxFaults' },
);
/** Replaces all faults of a session; an empty object heals everything. */
export type SandboxFaults = { readonly [Name in FaultName]?: FaultSpec } & { readonly delays?: Static<typeof Delays> };

/** The account as the simulated network sees it. */
export const SandboxAccount = object(
  {
    self: Address,
    linked: Type.Boolean(),
    online: Type.Boolean({ description: 'a linked device (the bridge) is connected and ready' }),
    qrShown: Type.Boolean(),
    undelivered: Type.Integer({ description: 'events that the bridge has not confirmed as durable' }),
    sent: Type.Integer({ description: 'messages in the inbox, each id once' }),
    transmissions: Type.Integer(),
  },
  { $id: 'SandboxAccount' },
);
export type SandboxAccount = Static<typeof SandboxAccount>;
