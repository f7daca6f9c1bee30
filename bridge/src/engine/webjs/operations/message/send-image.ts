import { sendMessage, webjsHandler } from '../handler.ts';

export const sendImage = webjsHandler('message.sendImage', sendMessage);
