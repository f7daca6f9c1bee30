/**
 * The ids under which events are on record in the logs of installed bridges. A change here makes a bridge store once more,
 * after an upgrade, what it has stored before: these values never change.
 */
import { expect, test } from '@jest/globals';
import { EVENT_TYPES, type EventType, type NewEvent } from '../../../bridge/src/contract/events.ts';
import type { ChatId, OutboxId, SessionName, MessageId } from '../../../bridge/src/contract/ids.ts';
import type { EngineMessage } from '../../../bridge/src/engine/engine.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import { eventOf } from '../../../bridge/src/events/event-constructors.ts';
import { sentMessageReport } from '../../../bridge/src/outbox/sent-message.ts';
import { messageFact } from './message-fact.ts';

const session = 'support' as SessionName;
const at = new Date('2026-01-02T03:04:05.678Z');
const alice = { ...addressOf('4915112345678@c.us' as ChatId, 'Alice'), lid: '98765@lid' };
const group = addressOf('1203630@g.us' as ChatId);
const self = { ...addressOf('4930111111@c.us' as ChatId), lid: '55555@lid' };
const outboxId = 'out_01J00000000000000000000000' as OutboxId;

const idsOf = ({ id, aliases = [] }: NewEvent): readonly string[] => [id, ...aliases];

const message = (patch: Partial<EngineMessage>): EngineMessage => ({
  messageId: 'false_4915112345678@c.us_3EB0A' as MessageId,
  chat: alice,
  sender: alice,
  fromMe: false,
  sentAt: at,
  kind: 'text',
  text: 'hi',
  mentions: [],
  quotedMessageId: null,
  ...(patch as object),
});
const own = 'true_98765@lid_3EB0B' as MessageId;
const ownInGroup = 'true_1203630@g.us_3EB0C_55555@lid' as MessageId;

const DERIVED: readonly (readonly [EventType, string, () => NewEvent, readonly string[]])[] = [
  [
    'message.received',
    'direct',
    () => eventOf(session, messageFact(message({}))),
    ['evt_LB6Ei_2S0q4Dn3jWfFgNKtN6iD5', 'evt_xGlZlpUTALUxq_CU3FM6oaeDca3'],
  ],
  [
    'message.received',
    'in a group',
    () =>
      eventOf(
        session,
        messageFact(message({ chat: group, messageId: 'false_1203630@g.us_3EB0D_4915112345678@c.us' as MessageId })),
      ),
    ['evt_ZOIDWbKEZcVbUpnRCtfiHe7rTXu', 'evt_0LwPLgIC0PRe_Hn0Knn859Y3gFa'],
  ],
  [
    'message.received',
    'under an id that is not of the usual form',
    () => eventOf(session, messageFact(message({ messageId: 'sandbox-1' as MessageId }))),
    ['evt_tRWs-n_mPoGb_D_r-Wj1AC5QYk7'],
  ],
  [
    'message.sent',
    'as the engine reports it',
    () => eventOf(session, messageFact(message({ fromMe: true, messageId: own, sender: self }))),
    ['evt_G7Uejs0J61Q7Zx7iseDEvOiGmF7', 'evt_ozDzS03pf1Bn-RGki-V_EBhjNNW'],
  ],
  [
    'message.sent',
    'as the outbox records it',
    () =>
      eventOf(
        session,
        sentMessageReport({
          chat: alice,
          sender: null,
          messageId: own,
          sentAt: at,
          outboxId,
          kind: 'text',
          input: { text: 'x' },
          media: null,
        }),
      ),
    ['evt_G7Uejs0J61Q7Zx7iseDEvOiGmF7', 'evt_ozDzS03pf1Bn-RGki-V_EBhjNNW'],
  ],
  [
    'message.acknowledged',
    'direct',
    () =>
      eventOf(session, {
        type: 'message.acknowledged',
        at,
        chat: alice,
        data: { messageId: own, ack: 'read', outboxId },
      }),
    ['evt_8sbtpn0TpCtdPrNLUcLzB2hDEw6', 'evt_vIOTmNndwm8R-ZJlo5NH4IFHFKX'],
  ],
  [
    'message.acknowledged',
    'in a group',
    () =>
      eventOf(session, {
        type: 'message.acknowledged',
        at,
        chat: group,
        author: self,
        data: { messageId: ownInGroup, ack: 'server' },
      }),
    ['evt_6N-qzG5Kwcg_SXjANPMCqH1poQd', 'evt_sykpHUE9Xg5e8G8TZfr20njphfJ'],
  ],
  [
    'message.failed',
    'direct',
    () => eventOf(session, { type: 'message.failed', at, chat: alice, data: { messageId: own, reason: 'r' } }),
    ['evt_ijk5FKfkz0msYMDIieSlHapmjEn', 'evt_fD_K15n9QWzJQEPdyTmSPoQvPAB'],
  ],
  [
    'message.failed',
    'in a group',
    () =>
      eventOf(session, {
        type: 'message.failed',
        at,
        chat: group,
        author: self,
        data: { messageId: ownInGroup, reason: 'r' },
      }),
    ['evt_F56_ZYElqVUjK-wyBZEx4iNG2HH', 'evt_p35BMG6jqjN-WzI9epjPdrwQOdM'],
  ],
  [
    'poll.voted',
    'in a group, by somebody with two names',
    () =>
      eventOf(session, {
        type: 'poll.voted',
        at,
        chat: group,
        sender: alice,
        author: self,
        data: { messageId: ownInGroup, voter: alice, options: ['Monday'], fromMe: false },
      }),
    [
      'evt_2C4YOwVDkVaDFeyUlxFHvwRr0eL',
      'evt_Zu8v_8Otol9RJBeq5GVRGoFVEE9',
      'evt_fZ9CEzuUX2BrSnd7gh2MQ4YT8Tr',
      'evt_NMz3uvVDQBKlN-PNGLEBMRie6ot',
    ],
  ],
  [
    'outbox.failed',
    'given up on',
    () =>
      eventOf(session, {
        type: 'outbox.failed',
        at,
        chat: alice,
        data: { outboxId, code: 'WAB_SEND_GAVE_UP', reason: 'r' },
      }),
    ['evt_Aru2KDf0_bshaLX8FV9UvDMWACU'],
  ],
  [
    'outbox.in_doubt',
    'after an attempt',
    () => eventOf(session, { type: 'outbox.in_doubt', at, chat: alice, data: { outboxId, attempt: 2, reason: 'r' } }),
    ['evt_JpXq-vr0bcCep7V58YVflkXDf0w'],
  ],
  [
    'outbox.in_doubt',
    'while it waited to be sent again',
    () =>
      eventOf(session, {
        type: 'outbox.in_doubt',
        at,
        chat: alice,
        data: { outboxId, attempt: 2, waitedSince: 1767323045678, reason: 'r' },
      }),
    ['evt_hnB2ryfiw5gqhWYGlzRNgaK9lxu'],
  ],
  [
    'subscription.expired',
    'unused',
    () =>
      eventOf(null, {
        type: 'subscription.expired',
        at: new Date('2026-03-01T00:00:00Z'),
        data: { subscription: 'n8n:a:b:c', lastUsedAt: at.toISOString() },
      }),
    ['evt_nc_WsQSaE6iEzPvF2BuV1Pnt_4f'],
  ],
];

const UNIQUE: readonly (readonly [EventType, () => NewEvent])[] = [
  [
    'session.state_changed',
    () => eventOf(session, { type: 'session.state_changed', at, data: { from: 'starting', to: 'ready', reason: 'r' } }),
  ],
  [
    'session.qr_issued',
    () => eventOf(session, { type: 'session.qr_issued', at, data: { expiresAt: at.toISOString() } }),
  ],
  ['session.degraded', () => eventOf(session, { type: 'session.degraded', at, data: { reason: 'r' } })],
  ['session.recovered', () => eventOf(session, { type: 'session.recovered', at, data: { reason: 'r' } })],
];

test.each(DERIVED)('%s, %s, keeps its ids', (type, _of, event, ids) => {
  expect(event().type).toBe(type);
  expect(idsOf(event())).toEqual(ids);
});

test.each(UNIQUE)('%s is a fact of its own each time', (type, event) => {
  expect(event().type).toBe(type);
  expect(event().id).not.toBe(event().id);
  expect(event().aliases).toBeUndefined();
});

test('every event type is held', () => {
  expect([...new Set([...DERIVED, ...UNIQUE].map(([type]) => type))].sort()).toEqual([...EVENT_TYPES].sort());
});
