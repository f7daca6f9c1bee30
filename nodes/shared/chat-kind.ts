import type { ChatKind } from './contract.generated';

const KIND_BY_SERVER: Readonly<Record<string, ChatKind>> = {
  'g.us': 'group',
  newsletter: 'channel',
  broadcast: 'broadcast',
};

/** The kind of a chat, from its id, as the bridge tells it. */
export function chatKindOf(chatId: string): ChatKind {
  if (chatId === 'status@broadcast') return 'status';
  return KIND_BY_SERVER[chatId.slice(chatId.indexOf('@') + 1)] ?? 'direct';
}
