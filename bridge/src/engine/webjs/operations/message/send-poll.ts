import { webjsHandler } from '../handler.ts';

/** The page's `WWebJS.sendMessage` makes a poll of its option `poll`, in the form of the library's class `Poll`. */
export const sendPoll = webjsHandler(
  'message.sendPoll',
  ({ sender }, { question, options, allowMultipleAnswers = false, ...envelope }, messageId) => {
    const pollOptions = options.map((name, localId) => ({ name, localId }));
    const poll = { pollName: question, pollOptions, options: { allowMultipleAnswers } };
    return sender.send({ ...envelope, options: { poll } }, messageId);
  },
);
