/** Messages that are more than text. */
import { expect, test } from '@jest/globals';
import whatsapp, { type Message, type PollVote } from 'whatsapp-web.js';
import { contactCard, contactCards, location, poll } from '../../standin/contents.ts';
import { lastOf, LONG, stanzaOf, type StandinAtTest } from './standin-at-test.ts';

const { Location, MessageMedia, MessageTypes, Poll } = whatsapp;

export function contentChecks(at: StandinAtTest): void {
  test(
    'polls with votes, locations and contact cards in both directions',
    async () => {
      const { me, bob, carol, page } = at;
      const { network } = at.standin;
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
      const { standin, me, bob, carol, page } = at;
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
        return [await at.arrived(caption), media.directPath];
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
}
