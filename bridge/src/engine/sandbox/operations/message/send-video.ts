import { sandboxHandler } from '../handler.ts';

export const sendVideo = sandboxHandler('message.sendVideo', async (device, { file, text, ...envelope }, messageId) => {
  const media = await device.store(file);
  return device.send({ kind: 'video', text: text ?? null, media }, envelope, messageId);
});
