/** The address of a person or group, and the kinds of chats. Parsing of what users type is in `whatsapp-id.ts`. */
import Type, { type Static } from 'typebox';
import { object } from './schema.ts';

/**
 * A person or group in every form that is known. `phone` (E.164 with `+`) is never assumed to exist: WhatsApp hides it
 * behind a `lid` ever more often.
 */
export const Address = object(
  {
    chatId: Type.String({ description: "WhatsApp's chat id, e.g. 4915112345678@c.us" }),
    phone: Type.Optional(Type.String({ description: 'E.164 with a leading +' })),
    lid: Type.Optional(Type.String({ description: "WhatsApp's linked id, e.g. 1234567890@lid" })),
    bsuid: Type.Optional(Type.String({ description: 'Business-scoped user id (Cloud API)' })),
    username: Type.Optional(Type.String()),
    name: Type.Optional(Type.String({ description: 'Display name as this account sees it' })),
  },
  { $id: 'Address' },
);
export type Address = Static<typeof Address>;

export const CHAT_KINDS = ['direct', 'group', 'channel', 'status', 'broadcast'] as const;
export type ChatKind = (typeof CHAT_KINDS)[number];

/**
 * Whether two addresses are of one account. The lid is decisive where both have one: it stays with an account that
 * changes its number, and a number can be handed on to somebody else.
 */
export function isSameAccount(one: Address, other: Address): boolean {
  const [lid, otherLid] = [lidOf(one), lidOf(other)];
  if (lid !== undefined && otherLid !== undefined) return lid === otherLid;
  if (one.phone !== undefined && other.phone !== undefined) return one.phone === other.phone;
  return one.chatId === other.chatId;
}

const lidOf = ({ chatId, lid }: Address): string | undefined => lid ?? (chatId.endsWith('@lid') ? chatId : undefined);
