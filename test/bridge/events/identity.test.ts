/** What makes two reports one event, by definitions that no event of the catalogue has yet. */
import { describe, expect, test } from '@jest/globals';
import Type from 'typebox';
import { Address } from '../../../bridge/src/contract/address.ts';
import { event, type AnyEventDefinition, type EventName } from '../../../bridge/src/contract/event.ts';
import type { EventType } from '../../../bridge/src/contract/events.ts';
import type { SessionName } from '../../../bridge/src/contract/ids.ts';
import { object } from '../../../bridge/src/contract/schema.ts';
import { makeEvent } from '../../../bridge/src/events/event-constructors.ts';

const rules = { description: 'A test.', content: false, fromMe: null, movesOutbox: null, countedAs: null } as const;
const reacted = event({
  ...rules,
  type: 'test.reacted',
  reportedBy: 'engine',
  about: { kind: 'message', id: 'target', isNew: false, isFromOutbox: false },
  identity: { by: 'message', fields: ['by', 'emoji', 'occurredAt'] },
  data: object({ target: Type.String(), by: Address, emoji: Type.String() }),
  example: { target: 'm', by: { chatId: 'c' }, emoji: '!' },
});
const called = event({
  ...rules,
  type: 'test.called',
  reportedBy: 'engine',
  about: { kind: 'chat' },
  identity: { by: 'fields', fields: ['callId', 'ring'] },
  data: object({ callId: Type.String(), ring: Type.Optional(Type.Integer()), isVideo: Type.Boolean() }),
  example: { callId: 'c', isVideo: false },
});

const at = new Date('2026-01-02T03:04:05.678Z');
const chat = { chatId: '98765@lid', phone: '+4915112345678', lid: '98765@lid' };
const byPhone = { chatId: '4915112345678@c.us', phone: '+4915112345678' };
const idsOf = (
  definition: { readonly type: EventName },
  data: object,
  time = at,
  where: object = { chat },
): string[] => {
  const report = { type: definition.type as EventType, at: time, data, ...where };
  const { id, aliases = [] } = makeEvent(definition as unknown as AnyEventDefinition, 'support' as SessionName, report);
  return [id, ...aliases];
};
const reaction = { target: 'true_98765@lid_3EB0A', by: chat, emoji: '!' };

describe('a fact about a message', () => {
  test('is one by any name of the chat and of whoever did it', () => {
    const known = idsOf(reacted, reaction);
    expect(known).toHaveLength(4);
    const [other, ...aliases] = idsOf(
      reacted,
      { ...reaction, target: 'true_4915112345678@c.us_3EB0A', by: byPhone },
      at,
      {
        chat: byPhone,
      },
    );
    expect(known).toContain(other);
    expect(aliases).toEqual([]);
  });

  test('is another one with another message, person, field or time', () => {
    const [id] = idsOf(reacted, reaction);
    expect(idsOf(reacted, { ...reaction, target: 'true_98765@lid_3EB0B' })).not.toContain(id);
    expect(idsOf(reacted, { ...reaction, by: { chatId: '1@lid' } })).not.toContain(id);
    expect(idsOf(reacted, { ...reaction, emoji: '?' })).not.toContain(id);
    expect(idsOf(reacted, reaction, new Date(0))).not.toContain(id);
  });
});

describe('a fact without a message', () => {
  test('is what its fields say, whatever else is reported', () => {
    const ids = idsOf(called, { callId: 'c', isVideo: false });
    expect(ids).toHaveLength(1);
    expect(idsOf(called, { callId: 'c', isVideo: true }, new Date(0))).toEqual(ids);
    expect(idsOf(called, { callId: 'd', isVideo: false })).not.toEqual(ids);
    expect(idsOf(called, { callId: 'c', ring: 1, isVideo: false })).not.toEqual(ids);
  });
});
