import fc from 'fast-check';
import { describe, expect, test } from '@jest/globals';
import { CHAT_KINDS } from '../../../bridge/src/contract/address.ts';
import { EVENT_TYPES } from '../../../bridge/src/contract/events.ts';
import type { Envelope, Filter } from '../../../bridge/src/contract/filter.ts';
import type { ChatId, EventId, Seq, SessionName } from '../../../bridge/src/contract/ids.ts';
import { isOpen, matches } from '../../../bridge/src/events/filter.ts';

const SENDERS = ['4915112345678', '4915187654321', '14155552671'];
const sessions = fc.constantFrom('support', 'sales', 'ops');
const senderKeys = fc.oneof(
  fc.constant<string[]>([]),
  fc.constantFrom(...SENDERS).map((phone) => [`${phone}@c.us`, `+${phone}`]),
  fc.constantFrom(...SENDERS).map((phone) => [`9${phone}@lid`, `+${phone}`]),
  fc.constantFrom(...SENDERS).map((phone) => [`9${phone}@lid`]),
);
const envelopes: fc.Arbitrary<Envelope> = fc.record({
  seq: fc.nat().map((seq) => seq as Seq),
  id: fc.constant('evt_x' as EventId),
  type: fc.constantFrom(...EVENT_TYPES),
  session: fc.option(sessions.map((name) => name as SessionName)),
  chatId: fc.constant('4915112345678@c.us' as ChatId),
  chatKind: fc.option(fc.constantFrom(...CHAT_KINDS)),
  senderKeys,
  fromMe: fc.option(fc.boolean()),
  occurredAt: fc.constant('2026-01-02T03:04:05.000Z'),
  lane: fc.constant('support|4915112345678@c.us'),
});
const from = fc
  .constantFrom(...SENDERS)
  .chain((phone) => fc.constantFrom(phone, `+${phone}`, `${phone}@c.us`, `9${phone}@lid`, `00${phone}`));
const filters = fc.record(
  {
    sessions: fc.array(sessions),
    types: fc.array(fc.constantFrom(...EVENT_TYPES)),
    chatKinds: fc.array(fc.constantFrom(...CHAT_KINDS)),
    from: fc.array(from),
    fromMe: fc.boolean(),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Filter>;

describe('matches', () => {
  test('an empty filter and empty lists let everything through', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        expect(matches({}, envelope)).toBe(true);
        expect(matches({ sessions: [], types: [], chatKinds: [], from: [] }, envelope)).toBe(true);
      }),
    );
  });

  test('all that is stated must hold: a filter is the conjunction of its parts', () => {
    fc.assert(
      fc.property(filters, envelopes, (filter, envelope) => {
        const parts = Object.entries(filter).map(([field, value]) => matches({ [field]: value }, envelope));
        expect(matches(filter, envelope)).toBe(parts.every(Boolean));
      }),
    );
  });

  test('a list is the disjunction of its entries', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('sessions', 'types', 'chatKinds', 'from'),
        filters,
        envelopes,
        (field, filter, envelope) => {
          const list: readonly string[] = filter[field as 'from'] ?? [];
          fc.pre(list.length > 0);
          const each = list.map((entry) => matches({ [field]: [entry] }, envelope));
          expect(matches({ [field]: list }, envelope)).toBe(each.some(Boolean));
        },
      ),
    );
  });

  test('the same filter answers the same the second time', () => {
    fc.assert(
      fc.property(filters, envelopes, (filter, envelope) => {
        expect(matches(filter, envelope)).toBe(matches(structuredClone(filter), envelope));
        expect(matches(filter, envelope)).toBe(matches(filter, envelope));
      }),
    );
  });

  const sender = (...keys: string[]): Envelope => ({
    ...fc.sample(envelopes, { numRuns: 1, seed: 1 })[0]!,
    senderKeys: keys,
  });

  test.each([
    ['4915112345678', true],
    ['+4915112345678', true],
    ['+49 151 12345678', true],
    ['004915112345678', true],
    ['4915112345678@c.us', true],
    ['4915112345678@s.whatsapp.net', true],
    ['123456@lid', true],
    ['4915112345679', false],
    ['123457@lid', false],
    ['nobody at all', false],
  ])('a sender known by lid and phone, asked for as %s: %s', (form, expected) => {
    expect(matches({ from: [form] }, sender('123456@lid', '+4915112345678'))).toBe(expected);
  });

  test('kinds of chats restrict the events of chats alone', () => {
    const of = (chatKind: Envelope['chatKind']): Envelope => ({ ...sender(), chatKind });
    expect(matches({ chatKinds: ['direct'] }, of('direct'))).toBe(true);
    expect(matches({ chatKinds: ['direct'] }, of('group'))).toBe(false);
    expect(matches({ chatKinds: ['direct'] }, of(null))).toBe(true);
  });

  test('an event without a sender passes no filter on senders', () => {
    expect(matches({ from: ['4915112345678'] }, sender())).toBe(false);
  });
});

test('isOpen says yes only to filters that let everything through', () => {
  fc.assert(
    fc.property(filters, envelopes, (filter, envelope) => {
      if (isOpen(filter)) expect(matches(filter, envelope)).toBe(true);
    }),
  );
  expect(isOpen({ types: [] })).toBe(true);
  expect(isOpen({ fromMe: false })).toBe(false);
  expect(isOpen({ sessions: ['support'] })).toBe(false);
});
