/** Polls, and votes in them. */
import { expect } from '@jest/globals';
import type { ChatId, MessageId } from '../../../bridge/src/contract/ids.ts';
import type { Engine, EngineFact } from '../../../bridge/src/engine/engine.ts';
import type { EngineRecording } from '../engine-recording.ts';
import { idFor, type EngineAtTest } from './engine-at-test.ts';

const POLL = { question: 'When shall we deliver?', options: ['Monday', 'Tuesday', 'never'] };

export function pollChecks(at: EngineAtTest): void {
  const { check, checkIf, shared } = at;

  check('sends polls in which one or several options may be chosen', async () => {
    const { engine } = await shared();
    const chatId = at.harness.contact as ChatId;
    for (const asked of [POLL, { ...POLL, allowMultipleAnswers: true }])
      await engine.perform('message.sendPoll', { chatId, ...asked }, idFor(engine, chatId));
    const received = await at.harness.inbox(2);
    expect(received.map(({ poll }) => poll)).toEqual([
      { ...POLL, allowMultipleAnswers: false },
      { ...POLL, allowMultipleAnswers: true },
    ]);
  });

  check(
    'reports each vote in a poll with all that the person has chosen, also if it was changed or withdrawn',
    async () => {
      const { engine, recording } = await shared();
      const { contact } = at.harness;
      const { messageId } = await ask(engine, contact);
      const before = Date.now();
      for (const options of [['Monday'], ['Monday', 'Tuesday'], []]) {
        await at.harness.vote({ from: contact, messageId, options });
        const vote = await voteIn(recording, messageId, options);
        expect(vote.data).toMatchObject({ voter: { chatId: contact }, fromMe: false });
        expect(vote.sender).toEqual(vote.data.voter);
        expect(vote.chat.chatId).toBe(contact);
        expect(Math.abs(vote.at.getTime() - before)).toBeLessThan(60_000);
      }
    },
  );

  checkIf('groups', 'reports who voted in a poll in a group', async () => {
    const { engine, recording } = await shared();
    const { contact, group } = at.harness;
    const { messageId } = await ask(engine, group);
    await at.harness.vote({ from: contact, messageId, options: ['never'] });
    const vote = await voteIn(recording, messageId, ['never']);
    expect(vote.chat.chatId).toBe(group);
    expect(vote.data.voter.chatId).toBe(contact);
  });
}

const ask = (engine: Engine, chat: string): Promise<{ readonly messageId: MessageId }> =>
  engine.perform(
    'message.sendPoll',
    { chatId: chat as ChatId, ...POLL, allowMultipleAnswers: true },
    idFor(engine, chat),
  );

const voteIn = (
  recording: EngineRecording,
  messageId: MessageId,
  options: readonly string[],
): Promise<EngineFact<'poll.voted'>> =>
  recording.untilFact(
    'poll.voted',
    ({ data }) => data.messageId === messageId && data.options.join() === options.join(),
  );
