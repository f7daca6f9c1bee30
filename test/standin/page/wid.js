/** Ids of people and chats. Their own enumerable properties are exactly `server`, `user` and `_serialized`. */
import { define } from './registry.js';

export class Wid {
  constructor(text) {
    const at = text.indexOf('@');
    this.server = text.slice(at + 1);
    this.user = text.slice(0, at);
    this._serialized = text;
  }

  isLid() {
    return this.server === 'lid';
  }

  isUser() {
    return this.server === 'c.us' || this.server === 'lid';
  }

  isGroup() {
    return this.server === 'g.us';
  }

  isStatus() {
    return this._serialized === 'status@broadcast';
  }

  equals(other) {
    return String(other) === this._serialized;
  }

  toString() {
    return this._serialized;
  }

  toJSON() {
    return this._serialized;
  }

  toJid() {
    return this._serialized.replace('@c.us', '@s.whatsapp.net');
  }
}

/** @throws Error for anything that is no id, as the page does */
export function createWid(value) {
  const text = String(value ?? '').replace('@s.whatsapp.net', '@c.us');
  if (!/^[^@\s]+@[a-z.]+$/.test(text)) throw new Error(`wid error: invalid wid ${text}`);
  return new Wid(text);
}

define('WAWebWidFactory', {
  createWid,
  createWidFromWidLike: createWid,
  asUserWidOrThrow: (wid) => {
    if (!wid?.isUser()) throw new Error('asUserWidOrThrow: not a user');
    return wid;
  },
});
