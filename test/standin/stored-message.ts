/** A message on its way, and how each account sees it. */
import { type Account, Group } from './account.ts';
import type { Content } from './contents.ts';
import type { Extra, WireMessage } from './frames.ts';

export interface StoredMessage {
  readonly stanza: string;
  readonly from: Account;
  readonly to: Account | Group;
  readonly content: Content;
  /** Seconds since the epoch. */
  readonly t: number;
  /** How far each recipient is. */
  readonly reached: Map<Account, number>;
  /** How each account saw the message first. */
  readonly views: Map<Account, WireMessage>;
  ack: number;
}

export type Find = (id: string) => Account | undefined;

/** The id of a message: `true_<chat>_<stanza>`, in groups with its author at the end. */
export const idOf = ({ fromMe, chat, stanza, author }: WireMessage): string =>
  [String(fromMe), chat, stanza, ...(author ? [author] : [])].join('_');

/** The id under which one account sees another in a chat. */
export function nameIn({ to }: StoredMessage, named: Account, viewer: Account): string {
  if (to instanceof Group) return to.nameOf(named, viewer);
  return named === viewer ? viewer.pn : named.wid;
}

/** A message as one account's devices see it. */
export function viewOf(stored: StoredMessage, viewer: Account, find: Find): WireMessage {
  const { from, to, stanza, content, t } = stored;
  const mine = viewer === from;
  const group = to instanceof Group ? to : null;
  const shown = (id: string): string => {
    const account = find(id);
    return account ? nameIn(stored, account, viewer) : id;
  };
  const author = nameIn(stored, from, viewer);
  const chat = mine || group ? ('wid' in to ? to.wid : to.id) : from.wid;
  return {
    stanza,
    chat,
    chatName: group || mine ? to.name : from.name,
    fromMe: mine,
    from: group && !mine ? group.id : author,
    to: group ? (mine ? group.id : viewer.pn) : mine ? chat : viewer.pn,
    ...(group ? { author } : {}),
    t,
    type: content.type,
    ...(content.body === undefined ? {} : { body: content.body }),
    ...(content.caption === undefined ? {} : { caption: content.caption }),
    ack: 1,
    mentions: (content.mentions ?? []).map(shown),
    ...(content.quoted ? { quoted: { ...content.quoted, participant: shown(content.quoted.participant) } } : {}),
    ...(content.media ? { media: content.media } : {}),
    ...(content.extra ? { extra: namesIn(content.extra, shown) } : {}),
    ...(mine ? {} : { name: from.name, sender: from.card }),
  };
}

/** Of a group notification: whom it is about. */
function namesIn(extra: Extra, shown: (id: string) => string): Extra {
  const { recipients } = extra;
  return Array.isArray(recipients) ? { ...extra, recipients: recipients.map((id) => shown(String(id))) } : extra;
}

/** What a device shows of a message that it cannot decrypt. */
export function ciphertextOf(message: WireMessage): WireMessage {
  const { body: _body, caption: _caption, media: _media, quoted: _quoted, extra: _extra, ...rest } = message;
  return { ...rest, type: 'ciphertext', mentions: [] };
}
