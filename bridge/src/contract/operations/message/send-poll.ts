import { poll } from '../../kinds/poll.ts';
import { SEND_ERRORS, sendOf } from '../../messages.ts';
import { operation } from '../../operation.ts';

export const sendPoll = operation({
  id: 'message.sendPoll',
  ...sendOf(poll),
  summary: 'Send a poll',
  operationId: 'sendPoll',
  errors: [...SEND_ERRORS, 'WAB_TEXT_BLANK'],
  examples: [
    {
      session: 'support',
      to: '+4915112345678',
      question: 'When shall we deliver?',
      options: ['Monday', 'Tuesday'],
      allowMultipleAnswers: true,
    },
  ],
});
