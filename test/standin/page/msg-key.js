/**
 * Keys of messages, in both builds of the page: `_serialized` is the name of old, `$1` the one that WhatsApp Web
 * 2.3000.1042401057 and later give to the same property.
 */
import { define } from './registry.js';
import { createWid } from './wid.js';

const property = window.STANDIN.build === '$1' ? '$1' : '_serialized';

export class MsgKey {
  constructor({ from, to, id, participant, selfDir }) {
    this.fromMe = selfDir === 'out';
    this.remote = selfDir === 'out' ? to : from;
    this.id = id;
    if (participant) this.participant = participant;
    this[property] = [this.fromMe, this.remote, id, ...(participant ? [participant] : [])].join('_');
  }

  toString() {
    return this[property];
  }

  equals(other) {
    return String(other) === String(this);
  }

  /** @param text `true_<chat>_<stanza>[_<participant>]` */
  static fromString(text) {
    const [fromMe, remote, id, participant] = text.split('_');
    const chat = createWid(remote);
    return new MsgKey({
      from: chat,
      to: chat,
      id,
      participant: participant ? createWid(participant) : undefined,
      selfDir: fromMe === 'true' ? 'out' : 'in',
    });
  }

  static async newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(9));
    return `3EB0${[...bytes]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('')
      .toUpperCase()}`;
  }
}

define('WAWebMsgKey', MsgKey);
