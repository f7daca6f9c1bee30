/** Accounts and their chats, each of which goes by phone number or by lid. */
import type { PageWid, PageWindow, ShimState } from '../page-window.ts';

declare const window: PageWindow;

export function addressShims(): Pick<ShimState, 'otherName' | 'knownChat' | 'openChat' | 'ownKeys' | 'knownForm'> {
  return {
    otherName(wid) {
      const { getCurrentLid, getPhoneNumber } = window.require('WAWebApiContact');
      return wid.server === 'lid' ? getPhoneNumber(wid) : wid.server === 'c.us' ? getCurrentLid(wid) : undefined;
    },
    knownChat(wid) {
      const { Chat } = window.require('WAWebCollections');
      const other = window.wabridge.otherName(wid);
      return Chat.get(wid) ?? (other && Chat.get(other));
    },
    async openChat(wid) {
      // Without this question the page throws "No LID for user" for a number that it has not met.
      const asked = await window.require('WAWebQueryExistsJob').queryWidExists(wid);
      if (!asked?.wid) return 'no-account';
      return (await window.WWebJS?.getChat(asked.wid._serialized, { getAsModel: false })) ?? null;
    },
    ownKeys(chatId, stanzaId) {
      const wid = window.require('WAWebWidFactory').createWid(chatId);
      const { getMaybeMePnUser, getMaybeMeLidUser } = window.require('WAWebUserPrefsMeUser');
      const isKnown = (each: PageWid | undefined): each is PageWid => each !== undefined && each !== null;
      const authors = [getMaybeMePnUser(), getMaybeMeLidUser()].filter(isKnown).map((each) => `_${each._serialized}`);
      const tails = wid.server === 'g.us' ? authors : [''];
      return [wid, window.wabridge.otherName(wid)]
        .filter(isKnown)
        .flatMap((chat) => tails.map((tail) => `true_${chat._serialized}_${stanzaId}${tail}`));
    },
    knownForm(ids) {
      const { createWid } = window.require('WAWebWidFactory');
      const { Contact } = window.require('WAWebCollections');
      const isKnown = (id: string): boolean => {
        const wid = createWid(id);
        return Boolean(Contact.get(wid) ?? window.wabridge.otherName(wid));
      };
      return ids.find(isKnown) ?? ids[0];
    },
  };
}
