import { sandboxHandler } from '../handler.ts';

export const sendText = sandboxHandler('message.sendText', (device, { text, ...envelope }, messageId) =>
  device.send({ kind: 'text', text }, envelope, messageId),
);
