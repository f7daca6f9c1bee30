/** Polls. */
import { expect } from '@jest/globals';
import type { ChatId } from '../../../bridge/src/contract/ids.ts';
import { idFor, type EngineAtTest } from './engine-at-test.ts';

const POLL = { question: 'When shall we deliver?', options: ['Monday', 'Tuesday', 'never'] };

export function pollChecks(at: EngineAtTest): void {
  const { check, linked } = at;

  check('sends polls in which one or several options may be chosen', async () => {
    const { engine } = await linked();
    const chatId = at.harness.contact as ChatId;
    for (const asked of [POLL, { ...POLL, allowMultipleAnswers: true }])
      await engine.perform('message.sendPoll', { chatId, ...asked }, idFor(engine, chatId));
    const received = await at.harness.inbox(2);
    expect(received.map(({ poll }) => poll)).toEqual([
      { ...POLL, allowMultipleAnswers: false },
      { ...POLL, allowMultipleAnswers: true },
    ]);
  });
}
