/** The small modules that the library asks for along the way. */
import { phoneOf } from './collections.js';
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
define('WAWebMiscBrowserUtils', { info: () => ({ os: 'Linux', name: 'Chrome' }) });
define('WAWebPhoneUtils', { formattedPhoneNumber: (id) => `+${String(id).split('@')[0]}` });
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

/** A contact's card; only whom the page knows by number has one in it. */
function vcardFromContactModel(contact) {
  const phone = contact.id.isLid() ? phoneOf(contact.id) : contact.id;
  const name = contact.name ?? contact.pushname ?? `+${phone?.user}`;
  const number = phone ? [`TEL;type=CELL;waid=${phone.user}:+${phone.user}`] : [];
  const vcard = ['BEGIN:VCARD', 'VERSION:3.0', `N:;${name};;;`, `FN:${name}`, ...number, 'END:VCARD'].join('\n');
  return { displayName: name, vcard };
}

/** The lines of a card, by name. */
function parseVcard(text) {
  const lines = text.split(/\r?\n/).map((line) => /^([^:;]+)(?:;[^:]*)?:(.*)$/.exec(line));
  const found = lines.filter(Boolean).map(([, name, value]) => [name, value]);
  if (found.length === 0) throw new Error('not a vcard');
  return Object.fromEntries(found);
}

define('WAWebFrontendVcardUtils', { vcardFromContactModel });
define('WAWebVcardParsingUtils', { parseVcard });
define('WAWebVcardGetNameFromParsed', { vcardGetNameFromParsed: (parsed) => parsed.FN });
