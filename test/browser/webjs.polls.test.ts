/** Polls and votes: as messages of their own kind, and what people choose. */
import { afterEach, expect, test } from '@jest/globals';
import type { EngineFact } from '../../bridge/src/engine/engine.ts';
import type { EngineRecording } from '../conformance/engine-recording.ts';
import { poll } from '../standin/contents.ts';
import { LONG, SessionAtTest } from './session-at-test.ts';

let session: SessionAtTest;
afterEach(() => session.close(), LONG);

type Vote = EngineFact<'poll.voted'>;
const votesIn = ({ facts }: EngineRecording): readonly Vote[] =>
  facts.filter((fact): fact is Vote => fact.type === 'poll.voted');

test(
  'a poll arrives as one, and votes in it with all that each person chose',
  async () => {
    session = await SessionAtTest.open();
    const { me, bob, carol, group } = session;
    const { network } = session.standin;
    session.standin.page.repeats = true;
    const { recording } = await session.linked();
    const theirs = network.say(bob, group, poll('Cake?', ['a little', 'a lot'], true));
    const asked = await recording.untilMessage(({ kind }) => kind === 'poll');
    expect(asked).toMatchObject({ question: 'Cake?', options: ['a little', 'a lot'], allowMultipleAnswers: true });

    network.vote(carol, theirs, ['a lot']);
    await recording.until('a vote', () => votesIn(recording)[0]);
    network.vote(carol, theirs, ['a little', 'a lot']);
    await recording.until('both', () => votesIn(recording).find(({ data }) => data.options.length === 2));
    network.vote(carol, theirs, []);
    await recording.until('none', () => votesIn(recording).find(({ data }) => data.options.length === 0));
    network.vote(me, theirs, ['a little']);
    const own = await recording.until('mine', () => votesIn(recording).find(({ data }) => data.fromMe));
    expect(own.data).toMatchObject({ messageId: asked.messageId, options: ['a little'] });
    for (const { data, sender, author, chat } of votesIn(recording).filter(({ data: { fromMe } }) => !fromMe)) {
      expect(data).toMatchObject({ messageId: asked.messageId, voter: { phone: `+${carol.phone}` } });
      expect(sender).toEqual(data.voter);
      expect(author).toMatchObject({ phone: `+${bob.phone}` });
      expect(chat).toMatchObject({ chatId: group.id });
    }
  },
  LONG,
);
