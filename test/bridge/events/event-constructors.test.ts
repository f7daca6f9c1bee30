import { describe, expect, test } from '@jest/globals';
import { Check } from 'typebox/value';
import { EVENT_CATALOGUE, EVENT_TYPES, type NewEvent } from '../../../bridge/src/contract/events.ts';
import { fileOf, MessageData } from '../../../bridge/src/contract/message-data.ts';
import {
  MEDIA_ID_PATTERN,
  type ChatId,
  type MediaId,
  type OutboxId,
  type SessionName,
  type MessageId,
} from '../../../bridge/src/contract/ids.ts';
import type { EngineMessage } from '../../../bridge/src/engine/engine.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import { eventOf } from '../../../bridge/src/events/event-constructors.ts';
import { sentMessageReport } from '../../../bridge/src/outbox/sent-message.ts';
import { envelopeOf } from '../../../bridge/src/events/envelope.ts';
import { messageFact } from './message-fact.ts';

const support = 'support' as SessionName;
const chat = addressOf('4915112345678@c.us' as ChatId, 'Alice');
const at = new Date('2026-01-02T03:04:05Z');
const outboxId = 'out_1' as OutboxId;
const messageId = 'true_4915112345678@c.us_A' as MessageId;
const message = (patch: Partial<EngineMessage> = {}): EngineMessage => ({
  messageId,
  chat,
  sender: chat,
  fromMe: false,
  sentAt: at,
  kind: 'text',
  text: 'hi',
  mentions: [],
  quotedMessageId: null,
  ...(patch as object),
});
const picture = { mimeType: 'image/jpeg', sizeBytes: 12, fileName: 'a.jpg' } as const;

const ALL: readonly NewEvent[] = [
  eventOf(support, messageFact(message())),
  eventOf(support, messageFact(message({ fromMe: true, kind: 'image', media: picture, mentions: [chat] }))),
  eventOf(support, messageFact(message({ kind: 'unsupported', rawKind: 'poll' }))),
  eventOf(
    support,
    sentMessageReport({
      chat,
      sender: null,
      messageId,
      sentAt: at,
      outboxId,
      kind: 'document',
      input: { text: 'c', mentions: ['1@lid'] },
      media: { mediaId: 'med_1' as MediaId, kind: 'document', fileName: 'f.pdf' },
    }),
  ),
  eventOf(
    support,
    sentMessageReport({
      chat,
      sender: chat,
      messageId,
      sentAt: at,
      outboxId,
      kind: 'text',
      input: { text: 'x' },
      media: null,
    }),
  ),
  eventOf(support, { type: 'message.acknowledged', at, chat, data: { messageId: messageId, ack: 'read', outboxId } }),
  eventOf(support, { type: 'message.failed', at, chat, data: { messageId: messageId, reason: 'r' } }),
  eventOf(support, {
    type: 'poll.voted',
    at,
    chat,
    sender: chat,
    data: { messageId: messageId, voter: chat, options: ['Monday'], fromMe: false },
  }),
  eventOf(support, { type: 'session.state_changed', at, data: { from: 'starting', to: 'ready', reason: 'r' } }),
  eventOf(support, { type: 'session.qr_issued', at, data: { expiresAt: at.toISOString() } }),
  eventOf(support, { type: 'session.degraded', at, data: { reason: 'r' } }),
  eventOf(support, { type: 'session.recovered', at, data: { reason: 'r' } }),
  eventOf(support, { type: 'outbox.failed', at, chat, data: { outboxId, code: 'WAB_SEND_GAVE_UP', reason: 'r' } }),
  eventOf(support, { type: 'outbox.in_doubt', at, chat, data: { outboxId, attempt: 1, reason: 'r' } }),
  eventOf(null, {
    type: 'subscription.expired',
    at: at,
    data: { subscription: 'n8n:a', lastUsedAt: at.toISOString() },
  }),
];

test('every type of the catalogue has a constructor', () => {
  expect([...new Set(ALL.map(({ type }) => type))].sort()).toEqual([...EVENT_TYPES].sort());
});

test.each(ALL.map((event) => [event.type, event] as const))('%s fits its schema', (type, event) => {
  expect(Check(EVENT_CATALOGUE[type].data, event.data)).toBe(true);
  expect(event.id).toMatch(/^evt_[\w-]{27}$/);
  expect(new Date(event.occurredAt).toISOString()).toBe(event.occurredAt);
});

describe('identity', () => {
  const idOf = (patch: Partial<EngineMessage>, session = support): string =>
    eventOf(session, messageFact(message(patch))).id;

  test('a message is its message id and direction, whatever else the engine says of it', () => {
    expect(idOf({ text: 'other', sentAt: new Date(0) })).toBe(idOf({}));
    expect(idOf({ messageId: 'other' as MessageId })).not.toBe(idOf({}));
    expect(idOf({ fromMe: true })).not.toBe(idOf({}));
    expect(idOf({}, 'sales' as SessionName)).not.toBe(idOf({}));
  });

  test('what the outbox sent and what the engine reports of it are one event', () => {
    const sent = eventOf(
      support,
      sentMessageReport({
        chat,
        sender: null,
        messageId,
        sentAt: at,
        outboxId,
        kind: 'text',
        input: { text: 'x' },
        media: null,
      }),
    );
    expect(sent.id).toBe(idOf({ fromMe: true }));
  });

  test('each level of an acknowledgement is a fact of its own, once', () => {
    const ack = (level: 'read' | 'delivered', time: Date): string =>
      eventOf(support, { type: 'message.acknowledged', at: time, chat, data: { messageId: messageId, ack: level } }).id;
    expect(ack('read', at)).toBe(ack('read', new Date(0)));
    expect(ack('read', at)).not.toBe(ack('delivered', at));
  });

  test('states of a session repeat, and each time is a fact of its own', () => {
    const change = (): string =>
      eventOf(support, { type: 'session.state_changed', at, data: { from: 'ready', to: 'reconnecting', reason: 'r' } })
        .id;
    expect(change()).not.toBe(change());
  });

  test('outbox.in_doubt is one per attempt', () => {
    const doubt = (attempt: number): string =>
      eventOf(support, { type: 'outbox.in_doubt', at, chat, data: { outboxId, attempt, reason: 'r' } }).id;
    expect(doubt(1)).toBe(doubt(1));
    expect(doubt(1)).not.toBe(doubt(2));
  });
});

test('a medium reported twice has the same, well-formed id', () => {
  const ids = ['A', 'A', 'B'].map(
    (wire) =>
      fileOf(
        eventOf(support, messageFact(message({ messageId: wire as MessageId, kind: 'image', media: picture }))).data,
      )?.media.mediaId,
  );
  expect(ids[0]).toMatch(new RegExp(MEDIA_ID_PATTERN));
  expect(ids[1]).toBe(ids[0]);
  expect(ids[2]).not.toBe(ids[0]);
});

test('only what its kind has is stored of a message, and the name of its file is cleaned', () => {
  const carried = {
    ...message({ kind: 'image', media: { ...picture, fileName: '../x\u202Egpj.exe' } }),
    secret: 'of the engine',
    rawKind: 'of another kind',
  };
  const { data } = eventOf(support, messageFact(carried));
  expect(Check(MessageData, data)).toBe(true);
  expect(Object.keys(data)).toEqual(['messageId', 'kind', 'text', 'media', 'fromMe', 'mentions', 'quotedMessageId']);
  expect(fileOf(data)).toMatchObject({ kind: 'image', media: { fileName: '.._xgpj.exe' } });
});

test('the envelope tells chat, sender and direction', () => {
  expect(envelopeOf(ALL[0]!)).toMatchObject({
    chatKind: 'direct',
    senderKeys: ['4915112345678@c.us', '+4915112345678'],
    fromMe: false,
    lane: 'support|4915112345678@c.us',
  });
  expect(ALL.map((event) => envelopeOf(event)).map(({ type, fromMe }) => [type, fromMe])).toEqual(
    expect.arrayContaining([
      ['message.acknowledged', true],
      ['message.failed', true],
      ['message.sent', true],
      ['session.degraded', null],
      ['session.recovered', null],
    ]),
  );
  expect(envelopeOf(ALL.at(-1)!)).toMatchObject({ session: null, chatId: null, chatKind: null, lane: '|' });
});
