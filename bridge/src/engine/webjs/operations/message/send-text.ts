import { webjsHandler } from '../handler.ts';

export const sendText = webjsHandler('message.sendText', ({ sender }, message, messageId) =>
  sender.send(message, messageId),
);
