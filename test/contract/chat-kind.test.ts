import { expect, test } from '@jest/globals';
import type { ChatId } from '../../bridge/src/contract/ids.ts';
import { chatKindOf } from '../../bridge/src/contract/whatsapp-id.ts';
import { chatKindOf as chatKindOfPack } from '../../nodes/shared/chat-kind.ts';

test.each([
  '4915112345678@c.us',
  '1234567890@lid',
  '120363000000000001@g.us',
  '120363000000000002@newsletter',
  'status@broadcast',
  '1700000000@broadcast',
])('the pack and the bridge mean the same by the kind of %s', (chatId) => {
  expect(chatKindOfPack(chatId)).toBe(chatKindOf(chatId as ChatId));
});
