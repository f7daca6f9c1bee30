/**
 * Ids of messages: newer builds of WhatsApp Web renamed `MsgKey._serialized` to `$1`, and the id of an outgoing message is
 * made in the page. The old name is put back on every key, and `MsgKey.newId` hands out the id that the bridge chose.
 */
import type { PageWindow, ShimState } from '../page-window.ts';

declare const window: PageWindow;

export function messageKeyShims(): Pick<ShimState, 'choose' | 'wasUsed' | 'apply'> {
  const used = new Set<string>();
  let chosen: string | null = null;
  let applied = false;
  return {
    choose(stanzaId) {
      chosen = stanzaId;
      queueMicrotask(() => {
        if (chosen === stanzaId) chosen = null;
      });
    },
    wasUsed: (stanzaId) => used.has(stanzaId),
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
  };
}

export function restoreSerialized(prototype: { toString(this: object): string }, known: readonly object[]): void {
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
}
