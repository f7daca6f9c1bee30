/** What people write to each other, and what they see of each other. */
import { expect, test } from '@jest/globals';
import type whatsapp from 'whatsapp-web.js';
import type { Message } from 'whatsapp-web.js';
import { lastOf, LONG, stanzaOf, type StandinAtTest } from './standin-at-test.ts';

export function conversationChecks(at: StandinAtTest): void {
  test(
    'text, quote, mention, acknowledgements up to read',
    async () => {
      const { standin, me, bob, carol, page } = at;
      standin.network.say(bob, me, 'hello');
      const hello = await at.arrived('hello');
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
      const asked = await at.arrived('and you?');
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
      const { me, bob, page } = at;
      const { network } = at.standin;
      const theirs = network.say(bob, me, 'what do you think?');
      const question = await at.arrived('what do you think?');
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
      const { standin, me, bob, page } = at;
      const stanza = standin.network.sayUndecrypted(bob, me, 'at last');
      await page.untilEvent('message_ciphertext', (message: Message) => message.id.id === stanza);
      standin.network.decrypt(stanza);
      expect((await at.arrived('at last')).id.id).toBe(stanza);
    },
    LONG,
  );

  test(
    'typing, recording, presence and seen reach the other account; starred, archived and unread stay here',
    async () => {
      const { standin, me, bob, page } = at;
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
      await at.arrived('did you see?');
      expect(standin.network.message(stanza).ack).toBe(2);
      await chat.sendSeen();
      await standin.network.until('seen', () => standin.network.message(stanza).ack === 3);
      const seen = await at.arrived('did you see?');
      await seen.star();
      expect((await seen.reload()).isStarred).toBe(true);
      await chat.archive();
      await page.untilEvent('chat_archived', (_chat, archived) => archived === true);
      await chat.markUnread();
      await page.untilEvent('unread_count', ({ unreadCount }: whatsapp.Chat) => unreadCount === -1);
    },
    LONG,
  );
}
