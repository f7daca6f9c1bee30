import { sandboxHandler } from '../handler.ts';

export const sendLocation = sandboxHandler(
  'message.sendLocation',
  (device, { latitude, longitude, name = null, address = null, ...envelope }, messageId) =>
    device.send({ kind: 'location', latitude, longitude, name, address }, envelope, messageId),
);
