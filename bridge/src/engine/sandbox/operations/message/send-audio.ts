import { sandboxHandler } from '../handler.ts';

export const sendAudio = sandboxHandler('message.sendAudio', async (device, { file, ...envelope }, messageId) =>
  device.send({ kind: 'audio', media: await device.store(file) }, envelope, messageId),
);
