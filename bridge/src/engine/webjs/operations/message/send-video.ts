import { webjsHandler } from '../handler.ts';

export const sendVideo = webjsHandler('message.sendVideo', ({ sender }, message, messageId) =>
  sender.send(message, messageId),
);
