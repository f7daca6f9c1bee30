import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ChatId, MessageId } from '../../../bridge/src/contract/ids.ts';
import {
  addressKeys,
  addressOf,
  chatKindOf,
  parseChatId,
  messageIdOf,
  messageIdsOf,
} from '../../../bridge/src/contract/whatsapp-id.ts';
import type { Address } from '../../../bridge/src/contract/address.ts';

describe('what a person may type', () => {
  test.each([
    ['+49 151 12345678', '4915112345678@c.us'],
    ['+49 (151) 123-456-78', '4915112345678@c.us'],
    ['004915112345678', '4915112345678@c.us'],
    ['4915112345678', '4915112345678@c.us'],
    [' 4915112345678@c.us ', '4915112345678@c.us'],
    ['4915112345678@s.whatsapp.net', '4915112345678@c.us'],
    ['123456789012@lid', '123456789012@lid'],
    ['120363000000000001@g.us', '120363000000000001@g.us'],
    ['4915112345678-1600000000@g.us', '4915112345678-1600000000@g.us'],
    ['120363000000000002@newsletter', '120363000000000002@newsletter'],
    ['status@broadcast', 'status@broadcast'],
  ])('%s', (input, chatId) => {
    expect(parseChatId(input)).toBe(chatId);
  });

  test.each([
    '',
    'hello',
    '0151 12345678',
    '123',
    '+49',
    'a b@c.us',
    '4915112345678@example.com',
    '@c.us',
    '49151@c.us@c.us',
  ])('refuses %j without repeating it', (input) => {
    const error = ((): unknown => {
      try {
        return parseChatId(input);
      } catch (reason) {
        return reason;
      }
    })();
    expect(error).toMatchObject({ code: 'WAB_ADDRESS_INVALID' });
    if (input.length > 4) expect((error as Error).message).not.toContain(input);
  });

  test('any text gives a chat id that parses to itself, or the catalogued error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[+0-9 ()@.a-z-]{0,40}$/)), (input) => {
        let chatId: ChatId;
        try {
          chatId = parseChatId(input);
        } catch (error) {
          expect(error).toMatchObject({ code: 'WAB_ADDRESS_INVALID' });
          return;
        }
        expect(parseChatId(chatId)).toBe(chatId);
      }),
      { numRuns: 500 },
    );
  });
});

test('the kind of a chat', () => {
  const kinds = ['1@c.us', '1@lid', '1-2@g.us', '1@newsletter', '1@broadcast', 'status@broadcast'].map((id) =>
    chatKindOf(id as ChatId),
  );
  expect(kinds).toEqual(['direct', 'direct', 'group', 'channel', 'broadcast', 'status']);
});

test('an address never invents a phone number', () => {
  expect(addressOf('4915112345678@c.us' as ChatId, 'Ada')).toEqual({
    chatId: '4915112345678@c.us',
    phone: '+4915112345678',
    name: 'Ada',
  });
  expect(addressOf('123@lid' as ChatId)).toEqual({ chatId: '123@lid', lid: '123@lid' });
  expect(addressOf('1-2@g.us' as ChatId)).toEqual({ chatId: '1-2@g.us' });
  expect(addressKeys({ chatId: '123@lid', lid: '123@lid', phone: '+4915112345678' })).toEqual([
    '123@lid',
    '+4915112345678',
  ]);
});

test('a message key, as WhatsApp writes it', () => {
  expect(messageIdOf(true, '1@c.us' as ChatId, '3EB0AA')).toBe('true_1@c.us_3EB0AA');
  expect(messageIdOf(false, '1-2@g.us' as ChatId, '3EB0AA', '3@c.us' as ChatId)).toBe('false_1-2@g.us_3EB0AA_3@c.us');
});

describe('the ids that a message may have', () => {
  const pn = '4915112345678@c.us' as ChatId;
  const lid = '98765@lid' as ChatId;
  const both = { ...addressOf(pn), lid };
  const group = addressOf('120363000000000001@g.us' as ChatId);
  const idsOf = (messageId: string, chat: Address = both, author: Address | null = both) =>
    messageIdsOf(messageId as MessageId, chat, author);

  test('a direct chat goes by number or by lid', () => {
    expect(idsOf(`false_${pn}_3EB0`)).toEqual([`false_${pn}_3EB0`, `false_${lid}_3EB0`]);
    expect(idsOf(`true_${lid}_3EB0`)).toEqual([`true_${lid}_3EB0`, `true_${pn}_3EB0`]);
    expect(idsOf(`true_${lid}_3EB0`, { ...addressOf(lid), phone: '+4915112345678' })).toHaveLength(2);
  });

  test('in a group its author does', () => {
    const messageId = `false_${group.chatId}_3EB0`;
    expect(idsOf(`${messageId}_${pn}`, group)).toEqual([`${messageId}_${pn}`, `${messageId}_${lid}`]);
  });

  test.each([
    [`false_${pn}_3EB0`, addressOf(pn), null],
    [`false_1@c.us_3EB0`, both, both],
    [`false_${group.chatId}_3EB0_${pn}`, group, null],
    [`false_${group.chatId}_3EB0_1@c.us`, group, both],
    [`true_${group.chatId}_3EB0`, group, both],
    [`true_${pn}_3EB0_${pn}`, both, both],
    ['w1', both, both],
    ['false_status@broadcast_3EB0', addressOf('status@broadcast' as ChatId), both],
  ])('%s has no other that is known', (messageId, chat, author) => {
    expect(idsOf(messageId, chat, author)).toEqual([messageId]);
  });
});
