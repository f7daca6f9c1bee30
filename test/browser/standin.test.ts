/** The stand-in against the bare whatsapp-web.js: every path that the library reads, without our engine. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import whatsapp, { type GroupNotification, type Message, type PollVote } from 'whatsapp-web.js';
import type { Account, Group } from '../standin/account.ts';
import { contactCard, contactCards, location, poll } from '../standin/contents.ts';
import { Standin } from '../standin/server.ts';
import { BUILDS } from '../standin/page-settings.ts';
import { BareClient } from './bare-client.ts';

const LONG = 120_000;
const { Location, MessageMedia, MessageTypes, Poll } = whatsapp;

let standin: Standin;
let folder: string;
let me: Account;
let bob: Account;
let carol: Account;
let group: Group;
let page: BareClient;

async function open(build: keyof typeof BUILDS): Promise<void> {
  standin = new Standin();
  Object.assign(standin.page, { build, version: BUILDS[build] });
  await standin.start();
  const { network } = standin;
  me = network.addAccount('4915110000001', 'Me');
  bob = network.addAccount('4915110000002', 'Bob');
  carol = network.addAccount('4915110000003', 'Carol');
  group = network.addGroup('All of us', [bob, me, carol], true);
  folder = await mkdtemp(join(tmpdir(), 'wabridge-standin-'));
  page = new BareClient(standin, folder);
}

async function close(): Promise<void> {
  await page.stop();
  await standin.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

const stanzaOf = (message: Message): string => message.id.id;
/** The message that arrived in the page with this text. */
const arrived = async (text: string): Promise<Message> =>
  (await page.untilEvent('message', (message: Message) => message.body === text))[0] as Message;
const lastOf = (account: Account) => account.inbox.at(-1);

describe('on the build of old', () => {
  beforeAll(async () => {
    await open('_serialized');
    await page.start();
    standin.scan((await page.untilEvent('qr'))[0] as string, me);
    await page.ready();
  }, LONG);
  afterAll(close, LONG);

  test(
    'text, quote, mention, acknowledgements up to read',
    async () => {
      standin.network.say(bob, me, 'hello');
      const hello = await arrived('hello');
      expect(hello).toMatchObject({ from: bob.pn, to: me.pn, type: 'chat', fromMe: false });
      const reply = await hello.reply('hello yourself');
      expect(reply.id._serialized).toBe(`true_${bob.pn}_${stanzaOf(reply)}`);
      expect(lastOf(bob)).toMatchObject({
        body: 'hello yourself',
        quoted: { stanza: stanzaOf(hello), body: 'hello', participant: bob.pn },
      });
      await page.client.sendMessage(bob.pn, `what says @${carol.phone}?`, { mentions: [carol.pn], sendSeen: false });
      expect(lastOf(bob)?.mentions).toEqual([carol.pn]);
      standin.network.read(bob);
      await page.untilEvent(
        'message_ack',
        (message: Message, ack) => stanzaOf(message) === stanzaOf(reply) && ack === 3,
      );
      const acks = page.emitted.filter(
        ({ event, values }) => event === 'message_ack' && stanzaOf(values[0] as Message) === stanzaOf(reply),
      );
      expect(acks.map(({ values }) => values[1] as number)).toEqual([1, 2, 3]);
      standin.network.say(bob, me, {
        type: 'chat',
        body: 'and you?',
        mentions: [me.pn],
        quoted: { stanza: stanzaOf(reply), participant: me.pn, type: 'chat', body: 'hello yourself' },
      });
      const asked = await arrived('and you?');
      expect(asked.hasQuotedMsg).toBe(true);
      expect((await asked.getQuotedMessage()).id.id).toBe(stanzaOf(reply));
      expect(asked.mentionedIds.map((id) => (id as unknown as { _serialized: string })._serialized ?? id)).toEqual([
        me.pn,
      ]);
    },
    LONG,
  );

  test(
    'reactions, edits and revokes in both directions',
    async () => {
      const { network } = standin;
      const theirs = network.say(bob, me, 'what do you think?');
      const question = await arrived('what do you think?');
      await question.react('👍');
      await network.until('the reaction', () => bob.phoneEvents.find(({ kind }) => kind === 'reaction'));
      expect(bob.phoneEvents).toContainEqual({ kind: 'reaction', by: me, stanza: theirs, emoji: '👍' });
      const mine = await page.client.sendMessage(bob.pn, 'typpo', { sendSeen: false });
      network.react(bob, stanzaOf(mine), '😂');
      const [reaction] = await page.untilEvent('message_reaction', ({ reaction: emoji }) => emoji === '😂');
      expect(reaction).toMatchObject({ senderId: bob.pn, msgId: { _serialized: mine.id._serialized } });
      network.react(bob, stanzaOf(mine), '');
      await page.untilEvent('message_reaction', ({ reaction: emoji }) => emoji === '');
      await question.reload();
      expect((await question.getReactions()).map(({ id }) => id)).toEqual(['👍']);

      expect((await mine.edit('typo'))?.body).toBe('typo');
      await network.until('the edit', () => bob.phoneEvents.find(({ kind }) => kind === 'edit'));
      expect(bob.phoneEvents).toContainEqual({ kind: 'edit', by: me, stanza: stanzaOf(mine), body: 'typo' });
      network.edit(bob, theirs, 'what do you say?');
      const [edited, newBody, prevBody] = await page.untilEvent('message_edit', (message: Message) => !message.fromMe);
      expect([(edited as Message).id.id, newBody, prevBody]).toEqual([
        theirs,
        'what do you say?',
        'what do you think?',
      ]);

      await mine.delete(true);
      await network.until('the revoke', () => bob.phoneEvents.find(({ kind }) => kind === 'revoke'));
      expect(bob.phoneEvents).toContainEqual({ kind: 'revoke', by: me, stanza: stanzaOf(mine) });
      network.revoke(bob, theirs);
      await page.untilEvent('message_revoke_everyone', (message: Message) => message.id.id === theirs);
      network.delete(me, network.say(bob, me, 'for your eyes'));
      await page.untilEvent('message_revoke_me', (message: Message) => message.body === 'for your eyes');
    },
    LONG,
  );

  test(
    'late decryption: the real message comes once, under the id of the ciphertext',
    async () => {
      const stanza = standin.network.sayUndecrypted(bob, me, 'at last');
      await page.untilEvent('message_ciphertext', (message: Message) => message.id.id === stanza);
      standin.network.decrypt(stanza);
      expect((await arrived('at last')).id.id).toBe(stanza);
    },
    LONG,
  );

  test(
    'typing, recording, presence and seen reach the other account; starred, archived and unread stay here',
    async () => {
      const chat = await page.client.getChatById(bob.pn);
      await page.client.sendPresenceAvailable();
      await standin.network.until('my presence', () => me.available);
      await chat.sendStateTyping();
      await chat.sendStateRecording();
      await chat.clearState();
      await standin.network.until(
        'three states',
        () => bob.phoneEvents.filter(({ kind }) => kind === 'chatstate').length === 3,
      );
      expect(bob.phoneEvents.flatMap((each) => (each.kind === 'chatstate' ? [each.state] : []))).toEqual([
        'composing',
        'recording',
        'paused',
      ]);
      const stanza = standin.network.say(bob, me, 'did you see?');
      await arrived('did you see?');
      expect(standin.network.message(stanza).ack).toBe(2);
      await chat.sendSeen();
      await standin.network.until('seen', () => standin.network.message(stanza).ack === 3);
      const seen = await arrived('did you see?');
      await seen.star();
      expect((await seen.reload()).isStarred).toBe(true);
      await chat.archive();
      await page.untilEvent('chat_archived', (_chat, archived) => archived === true);
      await chat.markUnread();
      await page.untilEvent('unread_count', ({ unreadCount }: whatsapp.Chat) => unreadCount === -1);
    },
    LONG,
  );

  test(
    'polls with votes, locations and contact cards in both directions',
    async () => {
      const { network } = standin;
      const asked = await page.client.sendMessage(bob.pn, new Poll('Tea?', ['yes', 'no']), { sendSeen: false });
      await network.until('the poll', () => lastOf(bob)?.type === 'poll_creation');
      expect(lastOf(bob)?.extra).toMatchObject({ pollName: 'Tea?', pollOptions: [{ name: 'yes' }, { name: 'no' }] });
      network.vote(bob, stanzaOf(asked), [1]);
      const [vote] = (await page.untilEvent('vote_update')) as [PollVote];
      expect(vote.selectedOptions).toEqual([{ name: 'no', localId: 1 }]);
      expect(vote.parentMessage.id.id).toBe(stanzaOf(asked));
      expect(await asked.getPollVotes()).toMatchObject([{ selectedOptions: [{ name: 'no' }] }]);
      network.vote(bob, stanzaOf(asked), ['yes']);
      await page.untilEvent('vote_update', ({ selectedOptions: [chosen] }: PollVote) => chosen?.name === 'yes');
      network.vote(bob, stanzaOf(asked), []);
      const [withdrawn] = (await page.untilEvent(
        'vote_update',
        ({ selectedOptions }: PollVote) => selectedOptions.length === 0,
      )) as [PollVote];
      expect(withdrawn.parentMessage.id.id).toBe(stanzaOf(asked));
      expect(() => network.vote(bob, stanzaOf(asked), ['maybe'])).toThrow('no such option');
      const theirs = network.say(bob, me, poll('Cake?', ['a little', 'a lot'], true));
      const [question] = (await page.untilEvent('message', ({ id }: Message) => id.id === theirs)) as [Message];
      expect(question).toMatchObject({ type: 'poll_creation', body: 'Cake?', allowMultipleAnswers: true });
      await question.vote(['a lot']);
      await network.until('my vote', () => bob.phoneEvents.find(({ kind }) => kind === 'vote'));
      expect(bob.phoneEvents).toContainEqual({ kind: 'vote', by: me, stanza: theirs, options: ['a lot'] });

      await page.client.sendMessage(bob.pn, new Location(52.5, 13.4, { name: 'Berlin' }), { sendSeen: false });
      await network.until('the place', () => lastOf(bob)?.type === 'location');
      expect(lastOf(bob)?.extra).toMatchObject({ lat: 52.5, lng: 13.4, loc: 'Berlin' });
      network.say(bob, me, location(48.1, 11.6, 'Munich', 'Marienplatz 1'));
      const [place] = (await page.untilEvent('message', ({ type }: Message) => type === MessageTypes.LOCATION)) as [
        Message,
      ];
      expect(place.location).toMatchObject({
        latitude: 48.1,
        longitude: 11.6,
        name: 'Munich',
        address: 'Marienplatz 1',
      });

      await page.client.sendMessage(bob.pn, await page.client.getContactById(carol.pn), { sendSeen: false });
      await network.until('the card', () => lastOf(bob)?.type === 'vcard');
      expect(lastOf(bob)?.body).toContain(`waid=${carol.phone}`);
      network.say(bob, me, contactCard('Dave', '4915110000004'));
      const [card] = (await page.untilEvent('message', ({ type }: Message) => type === MessageTypes.CONTACT_CARD)) as [
        Message,
      ];
      expect(card.vCards[0]).toContain('FN:Dave');
      network.say(
        bob,
        me,
        contactCards([
          ['Dave', '4915110000004'],
          ['Eve', '4915110000005'],
        ]),
      );
      const [cards] = (await page.untilEvent(
        'message',
        ({ type }: Message) => type === MessageTypes.CONTACT_CARD_MULTI,
      )) as [Message];
      expect(cards.vCards).toHaveLength(2);
    },
    LONG,
  );

  test(
    'media in both directions, forwarded, gone, uploaded again and not',
    async () => {
      const { network } = standin;
      const bytes = Buffer.from('%PDF-1.4 a small document');
      const file = new MessageMedia('application/pdf', bytes.toString('base64'), 'small.pdf');
      await page.client.sendMessage(bob.pn, file, { caption: 'read this', sendMediaAsDocument: true, sendSeen: false });
      await network.until('the file', () => lastOf(bob)?.type === 'document');
      expect(lastOf(bob)).toMatchObject({ caption: 'read this', media: { mimetype: 'application/pdf' } });
      expect(standin.mediaBytes(lastOf(bob)?.media?.directPath ?? '')).toEqual(bytes);

      const sticker = new MessageMedia('image/webp', Buffer.from('RIFF and so on').toString('base64'));
      await page.client.sendMessage(bob.pn, sticker, { sendMediaAsSticker: true, sendSeen: false });
      await network.until('the sticker', () => lastOf(bob)?.type === 'sticker');
      expect(standin.mediaBytes(lastOf(bob)?.media?.directPath ?? '')?.toString()).toBe('RIFF and so on');

      const send = async (caption: string): Promise<[Message, string]> => {
        const media = standin.storeMedia(Buffer.from(caption), 'image/png');
        network.say(bob, me, { type: 'image', caption, media });
        return [await arrived(caption), media.directPath];
      };
      const [picture] = await send('a picture');
      expect(picture).toMatchObject({ hasMedia: true, type: 'image' });
      expect(Buffer.from((await picture.downloadMedia()).data, 'base64').toString()).toBe('a picture');
      await picture.forward(carol.pn);
      await network.until('the forwarded picture', () => lastOf(carol)?.caption === 'a picture');
      expect(lastOf(carol)?.extra).toMatchObject({ isForwarded: true });

      const [gone, goneAt] = await send('gone');
      standin.expireMedia(goneAt);
      expect(await gone.downloadMedia()).toBeUndefined();
      const [back, backAt] = await send('back');
      standin.media.expire(backAt, { afterMs: 200 });
      expect((await back.downloadMedia()).filesize).toBe(4);
      const [asked, askedAt] = await send('asked for');
      standin.media.expire(askedAt, 'never');
      asked.downloadMedia().catch(() => undefined);
      const stage = `window.require('WAWebCollections').Msg.get('${asked.id._serialized}').mediaData.mediaStage`;
      await page.client.pupPage?.waitForFunction(`${stage} === 'REUPLOADING'`);
      expect(await asked.downloadMedia()).toBeUndefined();
    },
    LONG,
  );

  test(
    'a group: members by lid, who joins and leaves, its name; a call and its rejection',
    async () => {
      const { network } = standin;
      network.say(bob, group, 'hello all');
      const hello = await arrived('hello all');
      expect(hello).toMatchObject({ from: group.id, author: bob.lid });
      await hello.reply('hello Bob');
      await network.until('the answer', () => lastOf(carol)?.body === 'hello Bob');
      expect(lastOf(carol)).toMatchObject({ chat: group.id, author: me.lid, quoted: { participant: bob.lid } });
      const dave = network.addAccount('4915110000004', 'Dave');
      network.groups.join(group, dave, bob);
      const [joined] = (await page.untilEvent('group_join')) as [GroupNotification];
      expect(joined).toMatchObject({ chatId: group.id, author: bob.lid, type: 'add', recipientIds: [dave.lid] });
      network.groups.rename(group, bob, 'Everybody');
      const [renamed] = (await page.untilEvent('group_update')) as [GroupNotification];
      expect(renamed).toMatchObject({ type: 'subject', body: 'Everybody' });
      network.groups.promote(group, carol, bob);
      await page.untilEvent('group_admin_changed');
      network.groups.leave(group, dave);
      const [left] = (await page.untilEvent('group_leave')) as [GroupNotification];
      expect(left).toMatchObject({ type: 'leave', author: dave.lid });
      const chat = (await page.client.getChatById(group.id)) as whatsapp.GroupChat;
      expect([chat.name, chat.participants.length]).toEqual(['Everybody', 3]);
      expect(await chat.setSubject('Two of us')).toBe(true);
      await chat.leave();
      await network.until('my leave', () => !group.members.includes(me));
      expect(group.name).toBe('Two of us');

      const call = network.call(bob, me, { isVideo: true });
      const [ringing] = (await page.untilEvent('call')) as [whatsapp.Call];
      expect(ringing).toMatchObject({ id: call, isVideo: true, fromMe: false });
      await ringing.reject();
      await network.until('the rejection', () => bob.phoneEvents.find(({ kind }) => kind === 'call-rejected'));
    },
    LONG,
  );

  test(
    'numbers and lids: a hidden sender, a number that has to be looked up first',
    async () => {
      const { network } = standin;
      const erin = network.addAccount('4915110000006', 'Erin');
      erin.hidesPhone = true;
      network.say(erin, me, 'who am I?');
      expect((await arrived('who am I?')).from).toBe(erin.lid);
      expect(await page.client.getContactLidAndPhone([erin.lid])).toEqual([{ lid: erin.lid, pn: erin.pn }]);
      const frank = network.addAccount('4915110000007', 'Frank');
      await expect(page.client.sendMessage(frank.pn, 'too early')).rejects.toThrow('No LID for user');
      expect(await page.client.getNumberId(frank.phone)).toMatchObject({ _serialized: frank.pn });
      await page.client.sendMessage(frank.pn, 'now', { sendSeen: false });
      await network.until('the message', () => lastOf(frank)?.body === 'now');
      expect(await page.client.getNumberId('4915119999999')).toBeNull();
    },
    LONG,
  );

  test(
    'restored without a QR; what came meanwhile is in the page, without an event; played; a conflict',
    async () => {
      const { network } = standin;
      await page.stop();
      const missed = network.say(bob, me, 'while you were away');
      network.react(bob, missed, '⏰');
      page = new BareClient(standin, folder);
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
  beforeAll(() => open('$1'), LONG);
  afterAll(close, LONG);

  test(
    'messages have no id, a send looks lost although it left, chats, replies and reactions fail',
    async () => {
      const { network } = standin;
      await page.start();
      standin.enterCode(await page.client.requestPairingCode(me.phone), me);
      await page.ready();
      network.say(bob, me, 'hello');
      const hello = await arrived('hello');
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
