/** Calls, and the tables of reactions and votes: what whatsapp-web.js wraps to hear of them. */
import { handle, link } from './connection.js';
import { define } from './registry.js';
import { createWid } from './wid.js';

/** The library replaces `set` of the one Map that the collection owns. */
const calls = new Map();
const reactionTableMode = { bulkUpsert: async () => undefined };
const pollVoteTableMode = { bulkUpsert: async () => undefined };
const originals = [
  [reactionTableMode, { ...reactionTableMode }],
  [pollVoteTableMode, { ...pollVoteTableMode }],
];

/** Takes away what the library has put around these. */
export function restoreHooks() {
  delete calls.set;
  for (const [table, original] of originals) Object.assign(table, original);
}

handle('call', ({ call }) => {
  calls.set(call.id, {
    id: call.id,
    peerJid: createWid(call.from),
    offerTime: Math.floor(Date.now() / 1000),
    isVideo: call.isVideo,
    isGroup: call.isGroup,
    canHandleLocally: false,
    outgoing: false,
    webClientShouldHandle: false,
    participants: [],
  });
});

/** A stanza as WhatsApp's binary format has it: name, attributes, children. */
const wap = (name, attributes, children = []) => ({ name, attributes, children });

define('WAWebCallCollection', { calls, on: () => undefined });
define('WAWebAddonReactionTableMode', { reactionTableMode });
define('WAWebAddonPollVoteTableMode', { pollVoteTableMode });
define('WAWap', { wap, generateId: () => `${Date.now()}.${Math.floor(Math.random() * 1_000)}` });
define('WADeprecatedSendIq', {
  deprecatedCastStanza: async ({ name, attributes, children: [child] }) => {
    if (name !== 'call' || child?.name !== 'reject') throw new Error(`the stand-in knows no stanza ${name}`);
    link.send({ type: 'reject-call', call: child.attributes['call-id'], to: String(attributes.to) });
  },
});
