import { sendMessage, webjsHandler } from '../handler.ts';

export const sendText = webjsHandler('message.sendText', sendMessage);
