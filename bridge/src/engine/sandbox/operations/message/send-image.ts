import { sandboxHandler } from '../handler.ts';

export const sendImage = sandboxHandler('message.sendImage', async (device, { file, text, ...envelope }, messageId) => {
  const media = await device.store(file);
  return device.send({ kind: 'image', text: text ?? null, media }, envelope, messageId);
});
