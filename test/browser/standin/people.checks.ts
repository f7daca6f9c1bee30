/** Groups, calls, and numbers that hide behind lids. */
import { expect, test } from '@jest/globals';
import type whatsapp from 'whatsapp-web.js';
import type { GroupNotification } from 'whatsapp-web.js';
import { lastOf, LONG, type StandinAtTest } from './standin-at-test.ts';

export function peopleChecks(at: StandinAtTest): void {
  test(
    'a group: members by lid, who joins and leaves, its name; a call and its rejection',
    async () => {
      const { me, bob, carol, group, page } = at;
      const { network } = at.standin;
      network.say(bob, group, 'hello all');
      const hello = await at.arrived('hello all');
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
      const { me, page } = at;
      const { network } = at.standin;
      const erin = network.addAccount('4915110000006', 'Erin');
      erin.hidesPhone = true;
      network.say(erin, me, 'who am I?');
      expect((await at.arrived('who am I?')).from).toBe(erin.lid);
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
}
