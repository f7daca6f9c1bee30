/** The stand-in against the bare whatsapp-web.js: every path that the library reads, without our engine. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Message } from 'whatsapp-web.js';
import type { Account } from '../standin/account.ts';
import { Standin } from '../standin/server.ts';
import { BUILDS } from '../standin/page-settings.ts';
import { BareClient } from './bare-client.ts';

const LONG = 120_000;

let standin: Standin;
let folder: string;
let me: Account;
let bob: Account;
let carol: Account;
let page: BareClient;

async function open(build: keyof typeof BUILDS): Promise<void> {
  standin = new Standin();
  Object.assign(standin.page, { build, version: BUILDS[build] });
  await standin.start();
  const { network } = standin;
  me = network.addAccount('4915110000001', 'Me');
  bob = network.addAccount('4915110000002', 'Bob');
  carol = network.addAccount('4915110000003', 'Carol');
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
  (await page.heard('message', (message: Message) => message.body === text))[0] as Message;
const lastOf = (account: Account) => account.inbox.at(-1);

describe('on the build of old', () => {
  beforeAll(async () => {
    await open('_serialized');
    await page.start();
    standin.scan((await page.heard('qr'))[0] as string, me);
    await page.heard('ready');
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
      await page.heard('message_ack', (message: Message, ack) => stanzaOf(message) === stanzaOf(reply) && ack === 3);
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
      await network.until('the reaction', () => bob.heard.find(({ kind }) => kind === 'reaction'));
      expect(bob.heard).toContainEqual({ kind: 'reaction', by: me, stanza: theirs, emoji: '👍' });
      const mine = await page.client.sendMessage(bob.pn, 'typpo', { sendSeen: false });
      network.react(bob, stanzaOf(mine), '😂');
      const [reaction] = await page.heard('message_reaction', ({ reaction: emoji }) => emoji === '😂');
      expect(reaction).toMatchObject({ senderId: bob.pn, msgId: { _serialized: mine.id._serialized } });
      network.react(bob, stanzaOf(mine), '');
      await page.heard('message_reaction', ({ reaction: emoji }) => emoji === '');
      await question.reload();
      expect((await question.getReactions()).map(({ id }) => id)).toEqual(['👍']);

      expect((await mine.edit('typo'))?.body).toBe('typo');
      await network.until('the edit', () => bob.heard.find(({ kind }) => kind === 'edit'));
      expect(bob.heard).toContainEqual({ kind: 'edit', by: me, stanza: stanzaOf(mine), body: 'typo' });
      network.edit(bob, theirs, 'what do you say?');
      const [edited, newBody, prevBody] = await page.heard('message_edit', (message: Message) => !message.fromMe);
      expect([(edited as Message).id.id, newBody, prevBody]).toEqual([
        theirs,
        'what do you say?',
        'what do you think?',
      ]);

      await mine.delete(true);
      await network.until('the revoke', () => bob.heard.find(({ kind }) => kind === 'revoke'));
      expect(bob.heard).toContainEqual({ kind: 'revoke', by: me, stanza: stanzaOf(mine) });
      network.revoke(bob, theirs);
      await page.heard('message_revoke_everyone', (message: Message) => message.id.id === theirs);
      network.delete(me, network.say(bob, me, 'for your eyes'));
      await page.heard('message_revoke_me', (message: Message) => message.body === 'for your eyes');
    },
    LONG,
  );

  test(
    'late decryption: the real message comes once, under the id of the ciphertext',
    async () => {
      const stanza = standin.network.sayUndecrypted(bob, me, 'at last');
      await page.heard('message_ciphertext', (message: Message) => message.id.id === stanza);
      standin.network.decrypt(stanza);
      expect((await arrived('at last')).id.id).toBe(stanza);
    },
    LONG,
  );

  test(
    'typing, recording and seen reach the other account',
    async () => {
      const chat = await page.client.getChatById(bob.pn);
      await chat.sendStateTyping();
      await chat.sendStateRecording();
      await chat.clearState();
      await standin.network.until(
        'three states',
        () => bob.heard.filter(({ kind }) => kind === 'chatstate').length === 3,
      );
      expect(bob.heard.flatMap((each) => (each.kind === 'chatstate' ? [each.state] : []))).toEqual([
        'composing',
        'recording',
        'paused',
      ]);
      const stanza = standin.network.say(bob, me, 'did you see?');
      await arrived('did you see?');
      expect(standin.network.letter(stanza).ack).toBe(2);
      await chat.sendSeen();
      await standin.network.until('seen', () => standin.network.letter(stanza).ack === 3);
    },
    LONG,
  );
});
