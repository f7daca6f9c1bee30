import { sandboxHandler } from '../handler.ts';

export const markRead = sandboxHandler('chat.markRead', async (device, { chatId }) => {
  await device.perform({ kind: 'read', chatId });
});
