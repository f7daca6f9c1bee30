/** The small modules that the library asks for along the way. */
import { me } from './identity.js';
import { define } from './registry.js';

const LINK = /https?:\/\/\S+/g;
const findLinks = (text) =>
  [...String(text ?? '').matchAll(LINK)].map(([href]) => ({ href, suspiciousCharacters: new Set() }));
const getter = (name) => (contact) => contact[name];

define('WALinkify', { findLinks, findLink: (text) => findLinks(text)[0] });
define('WAWebLinkPreviewChatAction', { getLinkPreview: async () => undefined });
define('WAWebStreamModel', { Stream: { markAvailable: () => undefined, markUnavailable: () => undefined } });
define('WAWebSyncGatingUtils', {});
define('WAWebCallCollection', { calls: new Map(), on: () => undefined });
define('WAWebAddonReactionTableMode', { reactionTableMode: { bulkUpsert: () => undefined } });
define('WAWebAddonPollVoteTableMode', { pollVoteTableMode: { bulkUpsert: () => undefined } });
define('WAWebNonMessageDataRequestPlaceholderMessageResendUtils', { handlePlaceholderMsgsSeen: () => undefined });
define('WAWebChatGetters', {
  getIsNewsletter: (chat) => chat.id.server === 'newsletter',
  getIsBroadcast: (chat) => chat.id.server === 'broadcast',
});
define('WAWebContactGetters', {
  getIsMe: (contact) => contact.id.equals(me.pn),
  getIsUser: (contact) => contact.id.isUser(),
  getIsGroup: (contact) => contact.id.isGroup(),
  getIsWAContact: () => true,
  getUserid: (contact) => contact.id.user,
  getVerifiedName: getter('verifiedName'),
  getVerifiedLevel: getter('verifiedLevel'),
  getStatusMute: getter('statusMute'),
  getName: getter('name'),
  getShortName: getter('shortName'),
  getPushname: getter('pushname'),
  getIsEnterprise: () => false,
});
define('WAWebFrontendContactGetters', { getIsMyContact: () => false });
define('WAWebAltDeviceLinkingApi', { initializeQRLinking: async () => undefined });
