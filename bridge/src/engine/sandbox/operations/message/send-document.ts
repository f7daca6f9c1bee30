import { sandboxHandler } from '../handler.ts';

export const sendDocument = sandboxHandler(
  'message.sendDocument',
  async (device, { file, text, ...envelope }, messageId) => {
    const media = await device.store(file);
    return device.send({ kind: 'document', text: text ?? null, media }, envelope, messageId);
  },
);
