/** Messages: the model, and what of it travels. */
import { Model } from './model.js';
import { MsgKey } from './msg-key.js';
import { createWid } from './wid.js';

/** Attributes that only some types have; they travel under the same names. */
const EXTRA = [
  ...['lat', 'lng', 'loc', 'clientUrl', 'vcardFormattedName', 'vcardList', 'isForwarded', 'forwardingScore', 'isGif'],
  ...['kind', 'pollName', 'pollOptions', 'pollSelectableOptionsCount', 'messageSecret', 'isViewOnce', 'duration'],
  ...['subtype', 'recipients', 'title', 'description', 'matchedText', 'canonicalUrl', 'waveform'],
];
const MEDIA = [
  ...['directPath', 'mimetype', 'size', 'filename', 'filehash', 'encFilehash', 'mediaKey', 'mediaKeyTimestamp'],
];

export class MsgModel extends Model {
  constructor(attributes) {
    super(attributes);
    // Not enumerable: a serialised message carries no media state and no cycle.
    Object.defineProperty(this, 'mediaData', { value: { mediaStage: 'INIT' } });
  }

  serialize() {
    if (window.STANDIN.unserializable.includes(this.body))
      throw new TypeError("Cannot read properties of undefined (reading 'toString')");
    return super.serialize();
  }

  canReply() {
    return !['revoked', 'ciphertext', 'gp2'].includes(this.type) && this.ack !== -1;
  }

  /** What a reply to this message carries. */
  msgContextInfo() {
    return {
      quotedMsg: { type: this.type, body: this.body },
      quotedStanzaID: this.id.id,
      quotedParticipant: this.author ?? this.from,
      ...(this.id.remote.isGroup() ? { quotedRemoteJid: this.id.remote } : {}),
    };
  }
}

/** What a message has of its own type, as attributes of the page's model. */
export function specificsOf({ type, body, caption, mentions, quoted, media, extra }) {
  const { messageSecret, recipients, ...others } = extra ?? {};
  return {
    type,
    body,
    caption,
    mentionedJidList: (mentions ?? []).map(createWid),
    ...(quoted
      ? {
          quotedMsg: { type: quoted.type, body: quoted.body },
          quotedStanzaID: quoted.stanza,
          quotedParticipant: createWid(quoted.participant),
        }
      : {}),
    ...(media ?? {}),
    ...others,
    ...(messageSecret ? { messageSecret: new Uint8Array(messageSecret) } : {}),
    ...(recipients ? { recipients } : {}),
  };
}

/** The message that a wire frame describes, as this device sees it. */
export function messageFrom(wire, isNewMsg) {
  const chat = createWid(wire.chat);
  const author = wire.author ? createWid(wire.author) : undefined;
  const id = new MsgKey({
    from: chat,
    to: chat,
    id: wire.stanza,
    participant: author,
    selfDir: wire.fromMe ? 'out' : 'in',
  });
  return new MsgModel({
    ...specificsOf(wire),
    ...wire.state,
    id,
    ack: wire.ack,
    t: wire.t,
    from: createWid(wire.from),
    to: createWid(wire.to),
    ...(author ? { author } : {}),
    notifyName: wire.name,
    isNewMsg,
  });
}

const text = (value) => (value === undefined || value === null ? undefined : String(value));
const those = (names, message) =>
  Object.fromEntries(names.filter((name) => message[name] !== undefined).map((name) => [name, plain(message[name])]));
const plain = (value) => (value instanceof Uint8Array ? [...value] : value);

/** What of a message that this device made travels and is kept. */
export function wireOf(chat, message) {
  return {
    stanza: message.id.id,
    chat: String(chat.id),
    fromMe: true,
    from: text(message.from),
    to: text(message.to),
    author: text(message.id.participant),
    t: message.t,
    type: message.type,
    body: text(message.body),
    caption: message.caption,
    ack: 0,
    mentions: (message.mentionedJidList ?? []).map(String),
    ...(message.quotedStanzaID
      ? {
          quoted: {
            stanza: message.quotedStanzaID,
            participant: text(message.quotedParticipant),
            ...message.quotedMsg,
          },
        }
      : {}),
    ...(message.directPath ? { media: those(MEDIA, message) } : {}),
    extra: those(EXTRA, message),
  };
}
