import { sandboxHandler } from '../handler.ts';

export const react = sandboxHandler('message.react', async (device, { chatId, messageId, emoji }) => {
  const sentAt = await device.perform({ kind: 'reaction', chatId, targetMessageId: messageId, emoji });
  return { messageId, sentAt };
});
