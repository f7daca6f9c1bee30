/** The stand-in against the bare whatsapp-web.js: every path that the library reads, without our engine. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import whatsapp, { type Message } from 'whatsapp-web.js';
import { contentChecks } from './standin/contents.checks.ts';
import { conversationChecks } from './standin/conversation.checks.ts';
import { peopleChecks } from './standin/people.checks.ts';
import { lastOf, LONG, stanzaOf, StandinAtTest } from './standin/standin-at-test.ts';

const { MessageMedia } = whatsapp;

const at = new StandinAtTest();

describe('on the build of old', () => {
  beforeAll(async () => {
    await at.open('_serialized');
    await at.page.start();
    at.standin.scan((await at.page.untilEvent('qr'))[0] as string, at.me);
    await at.page.ready();
  }, LONG);
  afterAll(at.close, LONG);

  conversationChecks(at);
  contentChecks(at);
  peopleChecks(at);

  test(
    'restored without a QR; what came meanwhile is in the page, without an event; played; a conflict',
    async () => {
      const { me, bob, group } = at;
      const { network } = at.standin;
      await at.page.stop();
      const missed = network.say(bob, me, 'while you were away');
      network.react(bob, missed, '⏰');
      const page = at.newPage();
      await page.start();
      await page.ready();
      const chat = await page.client.getChatById(bob.pn);
      const held = await chat.fetchMessages({ limit: 30 });
      const found = held.find(({ body }) => body === 'while you were away');
      expect(found?.hasReaction).toBe(true);
      expect(chat.unreadCount).toBeGreaterThan(0);
      expect(held.filter(({ body }) => body === 'hello')).toHaveLength(1);
      expect([page.count('qr'), page.count('message')]).toEqual([0, 0]);
      expect((await page.client.getChats()).map(({ id }) => id._serialized)).toContain(group.id);
      const voice = new MessageMedia('audio/ogg', Buffer.from('la la la').toString('base64'));
      const sent = await page.client.sendMessage(bob.pn, voice, { sendAudioAsVoice: true, sendSeen: false });
      await network.until('the voice', () => lastOf(bob)?.type === 'ptt');
      network.play(bob, stanzaOf(sent));
      await page.untilEvent(
        'message_ack',
        (message: Message, ack) => stanzaOf(message) === stanzaOf(sent) && ack === 4,
      );
      for (const device of me.devices) device.tell({ type: 'conflict' });
      expect(await page.untilEvent('disconnected')).toEqual(['CONFLICT']);
    },
    LONG,
  );
});

describe('on the build that renamed the ids of messages', () => {
  beforeAll(() => at.open('$1'), LONG);
  afterAll(at.close, LONG);

  test(
    'messages have no id, a send looks lost although it left, chats, replies and reactions fail',
    async () => {
      const { standin, me, bob, page } = at;
      const { network } = standin;
      await page.start();
      standin.enterCode(await page.client.requestPairingCode(me.phone), me);
      await page.ready();
      network.say(bob, me, 'hello');
      const hello = await at.arrived('hello');
      expect(hello.from).toBe(bob.pn);
      expect(hello.id._serialized).toBeUndefined();
      expect(hello.id).toMatchObject({ fromMe: false, $1: expect.stringContaining(`false_${bob.pn}_`) });
      expect(await page.client.sendMessage(bob.pn, 'did it leave?', { sendSeen: false })).toBeUndefined();
      await network.until('the message', () => lastOf(bob)?.body === 'did it leave?');
      await expect(page.client.getChats()).rejects.toThrow('invalid message key');
      await hello.react('👍');
      await hello.reply('quoted?');
      await network.until('the answer', () => lastOf(bob)?.body === 'quoted?');
      expect(lastOf(bob)?.quoted).toBeUndefined();
      expect(bob.phoneEvents.filter(({ kind }) => kind === 'reaction')).toEqual([]);
    },
    LONG,
  );
});
