import { sandboxHandler } from '../handler.ts';

export const setTyping = sandboxHandler('chat.setTyping', async (device, { chatId, state }) => {
  await device.perform({ kind: 'typing', chatId, state });
});
