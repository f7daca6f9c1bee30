/** The reactions to a message. */
import { MsgKey } from './msg-key.js';
import { read } from './storage.js';

/** By emoji, as the library's `getReactions` reads them. */
export async function reactionsTo(id) {
  const wire = await read('messages', id);
  const byEmoji = Map.groupBy(wire?.reactions ?? [], ({ emoji }) => emoji);
  const groups = [...byEmoji].map(([emoji, reactions]) => ({
    id: emoji,
    aggregateEmoji: emoji,
    hasReactionByMe: reactions.some(({ mine }) => mine),
    senders: reactions.map(({ by, t }) => ({
      msgKey: undefined,
      parentMsgKey: MsgKey.fromString(id),
      senderUserJid: by,
      reactionText: emoji,
      timestamp: t,
      read: true,
    })),
  }));
  return { reactions: Object.assign(groups, { serialize: () => groups.map((group) => ({ ...group })) }) };
}
