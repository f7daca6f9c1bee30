import { webjsHandler } from '../handler.ts';

export const sendImage = webjsHandler('message.sendImage', ({ sender }, message, messageId) =>
  sender.send(message, messageId),
);
