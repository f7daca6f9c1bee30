import { webjsHandler } from '../handler.ts';

export const sendAudio = webjsHandler('message.sendAudio', ({ sender }, message, messageId) =>
  sender.send(message, messageId),
);
