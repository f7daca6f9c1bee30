/**
 * Evaluated in every new document before the page's own scripts. The function is sent to the browser as text, so it
 * refers to nothing outside itself. Nothing of the page is touched until `apply`, when the page has synced: asking for
 * its modules earlier would start them in an order of our making.
 *
 * - Newer builds of WhatsApp Web renamed `MsgKey._serialized` to `$1`, which the library still reads: ids of messages
 *   became undefined and a send looked failed although it left. `_serialized` is put back on every key.
 * - The id of an outgoing message is made in the page; to have it on disk before WhatsApp learns of the message, the
 *   bridge chooses it and `MsgKey.newId` hands it out.
 * - One message that the page cannot serialise must neither be lost nor keep others from being told: what can be read of
 *   it is told instead.
 * - What several functions of the page have to know is here as well, since they cannot import it.
 */
import type { PageMessage, PageWid, PageWindow, ShimState } from './page-window.ts';

declare const window: PageWindow;

export function installShims(): void {
  const used = new Set<string>();
  let chosen: string | null = null;
  let applied = false;

  const restoreSerialized = (prototype: { toString(this: object): string }, known: readonly object[]): void => {
    const textOf = (key: object): string => prototype.toString.call(key);
    const own = (key: object, value: string): void => {
      Object.defineProperty(key, '_serialized', { value, enumerable: true, writable: true, configurable: true });
    };
    // The constructor assigns `$1`: the setter sees each new key and gives it the old name as an own property, since
    // only own properties survive the way out of the page.
    Object.defineProperty(prototype, '$1', {
      configurable: true,
      set(this: object, value: string) {
        Object.defineProperty(this, '$1', { value, enumerable: true, writable: true, configurable: true });
        own(this, value);
      },
    });
    Object.defineProperty(prototype, '_serialized', {
      configurable: true,
      get(this: object) {
        const value = textOf(this);
        own(this, value);
        return value;
      },
      set(this: object, value: string) {
        own(this, value);
      },
    });
    for (const key of known) if (!Object.hasOwn(key, '_serialized')) own(key, textOf(key));
  };

  /** What can be read of a message that cannot be serialised. */
  const remainsOf = (message: PageMessage): Record<string, unknown> => {
    const read = <Value>(get: () => Value): Value | undefined => {
      try {
        return get();
      } catch {
        return undefined;
      }
    };
    const textOf = (get: () => PageWid | string | undefined): string | undefined => {
      const id = read(get);
      return typeof id === 'object' ? read(() => id._serialized) : id;
    };
    const { id } = message;
    const participant = textOf(() => id.participant);
    return {
      unreadable: true,
      id: {
        fromMe: read(() => id.fromMe) === true,
        remote: textOf(() => id.remote),
        id: read(() => id.id),
        _serialized: read(() => id._serialized),
        ...(participant === undefined ? {} : { participant }),
      },
      type: read(() => message.type) ?? 'unknown',
      subtype: read(() => message.subtype) ?? null,
      t: read(() => message.t),
      ack: read(() => message.ack),
      from: textOf(() => message.from),
      to: textOf(() => message.to),
      author: textOf(() => message.author),
      notifyName: read(() => message.notifyName),
    };
  };

  const state: ShimState = {
    document: `${Date.now()}-${Math.random()}`,
    choose(stanzaId) {
      chosen = stanzaId;
      queueMicrotask(() => {
        if (chosen === stanzaId) chosen = null;
      });
    },
    wasUsed: (stanzaId) => used.has(stanzaId),
    underWay: new Set(),
    jobs: new Map(),
    files: new Map(),
    histories: new Map(),
    begin(job, work) {
      const running = Promise.resolve().then(work);
      running.catch(() => undefined);
      state.jobs.set(job, running);
    },
    otherName(wid) {
      const { getCurrentLid, getPhoneNumber } = window.require('WAWebApiContact');
      return wid.server === 'lid' ? getPhoneNumber(wid) : wid.server === 'c.us' ? getCurrentLid(wid) : undefined;
    },
    knownChat(wid) {
      const { Chat } = window.require('WAWebCollections');
      const other = state.otherName(wid);
      return Chat.get(wid) ?? (other && Chat.get(other));
    },
    ownKeys(chatId, stanzaId) {
      const wid = window.require('WAWebWidFactory').createWid(chatId);
      const { getMaybeMePnUser, getMaybeMeLidUser } = window.require('WAWebUserPrefsMeUser');
      const isKnown = (each: PageWid | undefined): each is PageWid => each !== undefined && each !== null;
      const authors = [getMaybeMePnUser(), getMaybeMeLidUser()].filter(isKnown).map((each) => `_${each._serialized}`);
      const tails = wid.server === 'g.us' ? authors : [''];
      return [wid, state.otherName(wid)]
        .filter(isKnown)
        .flatMap((chat) => tails.map((tail) => `true_${chat._serialized}_${stanzaId}${tail}`));
    },
    knownForm(ids) {
      const { createWid } = window.require('WAWebWidFactory');
      const { Contact } = window.require('WAWebCollections');
      const isKnown = (id: string): boolean => {
        const wid = createWid(id);
        return Boolean(Contact.get(wid) ?? state.otherName(wid));
      };
      return ids.find(isKnown) ?? ids[0];
    },
    apply() {
      if (applied) return true;
      try {
        const MsgKey = window.require('WAWebMsgKey');
        const { Msg } = window.require('WAWebCollections');
        const models = Msg.getModelsArray();
        const newId = MsgKey.newId.bind(MsgKey);
        MsgKey.newId = () => {
          if (chosen === null) return newId();
          const id = chosen;
          chosen = null;
          used.add(id);
          return id;
        };
        restoreSerialized(
          MsgKey.prototype,
          models.map((model) => model.id),
        );
        applied = true;
      } catch {
        // A page without these modules: sends are refused there, because their ids could not be chosen.
      }
      return applied;
    },
    guardModels() {
      const helpers = window.WWebJS;
      if (!helpers || helpers.getMessageModel.wabridge) return;
      const modelOf = helpers.getMessageModel;
      helpers.getMessageModel = Object.assign(
        (message: PageMessage) => {
          try {
            const model = modelOf(message);
            // What cannot travel would fail later, together with everything that travels with it.
            JSON.stringify(model);
            return model;
          } catch {
            return remainsOf(message);
          }
        },
        { wabridge: true as const },
      );
    },
  };
  Object.defineProperty(window, 'wabridge', { value: state, configurable: false });
}
