import { describe, expect, test } from '@jest/globals';
import type { ChatId } from '../../../../../bridge/src/contract/ids.ts';
import {
  ackLevelOf,
  idsOf,
  isMessage,
  toEngineMessage,
} from '../../../../../bridge/src/engine/webjs/inbound/message-mapper.ts';
import type { RawMessage } from '../../../../../bridge/src/engine/webjs/inbound/raw-message.ts';
import { addressOf } from '../../../../../bridge/src/contract/whatsapp-id.ts';

const ME = ['4915110000001@c.us', '777@lid'];
const raw = (more: Partial<RawMessage> = {}): RawMessage => ({
  id: { fromMe: false, remote: '4915110000002@c.us', id: '3EB0AA', _serialized: 'false_4915110000002@c.us_3EB0AA' },
  from: '4915110000002@c.us',
  to: '4915110000001@c.us',
  t: 1_700_000_000,
  type: 'chat',
  body: 'hello',
  ...more,
});
const map = (message: RawMessage) => toEngineMessage(message, idsOf(message, ME), (id: ChatId) => addressOf(id));

describe('messages of whatsapp-web.js', () => {
  test('a text', () => {
    expect(map(raw({ notifyName: 'Bob' }))).toEqual({
      messageId: 'false_4915110000002@c.us_3EB0AA',
      chat: { chatId: '4915110000002@c.us', phone: '+4915110000002' },
      sender: { chatId: '4915110000002@c.us', phone: '+4915110000002', name: 'Bob' },
      fromMe: false,
      sentAt: new Date(1_700_000_000_000),
      kind: 'text',
      text: 'hello',
      mentions: [],
      quotedMessageId: null,
    });
  });

  test('ids come as text from events and as objects from calls', () => {
    const asObjects = raw({
      id: { fromMe: false, remote: { _serialized: '4915110000002@c.us' }, id: '3EB0AA' },
      from: { _serialized: '4915110000002@c.us' },
    });
    expect(map(asObjects)).toEqual(map(raw()));
  });

  test('in a group the author is the sender', () => {
    const message = raw({
      id: { fromMe: false, remote: '1203630000@g.us', id: '3EB0AA', participant: '4915110000002@c.us' },
      from: '1203630000@g.us',
      author: '4915110000002@c.us',
    });
    expect(map(message)).toMatchObject({
      messageId: 'false_1203630000@g.us_3EB0AA_4915110000002@c.us',
      chat: { chatId: '1203630000@g.us' },
      sender: { chatId: '4915110000002@c.us' },
    });
  });

  test('a quoted message is named by the id that it has for this account', () => {
    const quoting = (quotedParticipant: string, chat = '4915110000002@c.us') =>
      idsOf(raw({ id: { fromMe: false, remote: chat, id: 'X' }, quotedStanzaID: 'Q', quotedParticipant }), ME)
        .quotedMessageId;
    expect(quoting('4915110000002@c.us')).toBe('false_4915110000002@c.us_Q');
    expect(quoting('4915110000001@c.us')).toBe('true_4915110000002@c.us_Q');
    expect(quoting('777@lid')).toBe('true_4915110000002@c.us_Q');
    expect(quoting('4915110000003@c.us', '1203630000@g.us')).toBe('false_1203630000@g.us_Q_4915110000003@c.us');
  });

  test('media carry the caption as text, never the thumbnail that stands in the body', () => {
    const message = map(
      raw({
        type: 'document',
        body: 'dGh1bWI=',
        caption: 'the report',
        mimetype: 'application/pdf',
        size: 12,
        filename: 'a.pdf',
      }),
    );
    expect(message).toMatchObject({
      kind: 'document',
      text: 'the report',
      media: { mimeType: 'application/pdf', sizeBytes: 12, fileName: 'a.pdf' },
    });
    const order = map(raw({ type: 'order', body: 'dGh1bWI=' }));
    expect(order).toMatchObject({ kind: 'unsupported', rawKind: 'order' });
    expect(order).not.toHaveProperty('text');
    expect(map(raw({ type: 'ptt', body: '', mimetype: 'audio/ogg' }))).toMatchObject({
      kind: 'audio',
      media: { mimeType: 'audio/ogg' },
    });
  });

  test('a location is a place, with as much of its name and address as there is', () => {
    const locationOf = (more: object) => {
      const whole = { ...raw({ type: 'location', body: 'dGh1bWI=' }), lat: 0, lng: -13.4, ...more };
      return map(whole);
    };
    const place = { kind: 'location', latitude: 0, longitude: -13.4, name: null, address: null };
    expect(locationOf({})).toMatchObject(place);
    expect(locationOf({ loc: '' })).toMatchObject(place);
    expect(locationOf({ loc: 'Gate' })).toMatchObject({ ...place, name: 'Gate' });
    expect(locationOf({ loc: 'Gate\nSquare 1\nBerlin' })).toMatchObject({
      ...place,
      name: 'Gate',
      address: 'Square 1\nBerlin',
    });
    // Without a position it is not one that anything could be done with.
    expect(locationOf({ lat: undefined })).toMatchObject({ kind: 'unsupported', rawKind: 'location' });
  });

  test('notices that nobody wrote are no messages', () => {
    expect(isMessage(raw({ type: 'e2e_notification' }))).toBe(false);
    expect(isMessage(raw({ type: 'ciphertext' }))).toBe(false);
    expect(isMessage(raw({ type: 'poll_creation' }))).toBe(true);
  });

  test('a message without an id is refused', () => {
    expect(() => idsOf(raw({ id: { fromMe: false, remote: undefined, id: 'X' } }), ME)).toThrow(/without an id/);
  });

  test('levels of acknowledgement', () => {
    expect([-1, 0, 1, 2, 3, 4].map(ackLevelOf)).toEqual([
      undefined,
      undefined,
      'server',
      'delivered',
      'read',
      'played',
    ]);
  });
});
