/**
 * Functions that run in the page to find out whether the session works. The rules of `page-functions.ts` hold. Each says
 * where a version of WhatsApp Web lacks what it needs: a probe that cannot work must not look like a session that fails.
 */
import type { PageWindow } from './page-window.ts';

declare const window: PageWindow;

/** A message as it lies in the page's store. */
export interface StoredMessage {
  readonly chat: string;
  readonly fromMe: boolean;
  readonly stanzaId: string;
  /** Seconds. */
  readonly t: number;
  readonly type: string;
  readonly ack: number;
  /** The page counts it as new, and such messages the library is to announce. */
  readonly fresh: boolean;
}

/** The newest messages that the page holds in memory since a time (seconds); nothing is loaded for it. */
export function storedSince(since: number, limit: number): StoredMessage[] {
  const { Msg } = window.require('WAWebCollections');
  const recent = Msg.getModelsArray().filter((message) => message.t >= since);
  recent.sort((a, b) => b.t - a.t);
  return recent.slice(0, limit).map((message) => ({
    chat: message.id.remote._serialized,
    fromMe: message.id.fromMe,
    stanzaId: message.id.id,
    t: message.t,
    type: message.type,
    ack: message.ack,
    fresh: message.isNewMsg === true,
  }));
}

/**
 * Lets an event happen that only the library listens to, about a message that does not exist: what it makes of it comes
 * out as `media_uploaded` with this stanza. False if this page has no such event.
 */
export function fireProbe(stanzaId: string): boolean {
  const { Msg } = window.require('WAWebCollections');
  if (typeof Msg.trigger !== 'function') return false;
  const id = { fromMe: true, remote: 'probe', id: stanzaId, _serialized: `true_probe_${stanzaId}` };
  const attributes = { id, type: 'chat', body: '', t: 0, ack: 0 };
  try {
    Msg.trigger('change:isUnsentMedia', { ...attributes, serialize: () => ({ ...attributes }) }, false);
    return true;
  } catch {
    return false;
  }
}

/** Asks WhatsApp's server about this account, which changes nothing. Null if the page cannot ask. */
export async function askServer(): Promise<true | null> {
  try {
    const { getMaybeMePnUser, getMaybeMeLidUser } = window.require('WAWebUserPrefsMeUser');
    const self = getMaybeMePnUser() ?? getMaybeMeLidUser();
    if (!self) return null;
    await window.require('WAWebQueryExistsJob').queryWidExists(self);
    return true;
  } catch {
    return null;
  }
}

/** Closes WhatsApp's connection, which may be dead without the page's knowledge, and opens another. */
export function reconnect(): void {
  window.require('WAWebSocketModel').Socket.reconnect();
}

/** The same, for a page that has no line and would wait before it tries again: one that has its line back keeps it. */
export function reconnectNow(): void {
  const { Socket } = window.require('WAWebSocketModel');
  if (Socket.state === 'OPENING' || Socket.state === 'TIMEOUT') Socket.reconnect();
}

export function readVersion(): string | null {
  return window.Debug?.VERSION ?? null;
}
