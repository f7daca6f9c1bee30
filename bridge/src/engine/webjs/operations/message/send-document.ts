import { webjsHandler } from '../handler.ts';

/** Of other files, the library decides by the type what they are. */
const AS_DOCUMENT = { sendMediaAsDocument: true };

export const sendDocument = webjsHandler('message.sendDocument', ({ sender }, message, messageId) =>
  sender.send({ ...message, options: AS_DOCUMENT }, messageId),
);
