import { sendMessage, webjsHandler } from '../handler.ts';

export const sendVideo = webjsHandler('message.sendVideo', sendMessage);
