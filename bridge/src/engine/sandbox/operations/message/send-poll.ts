import { sandboxHandler } from '../handler.ts';

export const sendPoll = sandboxHandler(
  'message.sendPoll',
  (device, { question, options, allowMultipleAnswers = false, ...envelope }, messageId) =>
    device.send({ kind: 'poll', question, options, allowMultipleAnswers }, envelope, messageId),
);
