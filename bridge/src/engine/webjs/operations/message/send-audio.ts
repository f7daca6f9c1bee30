import { sendMessage, webjsHandler } from '../handler.ts';

export const sendAudio = webjsHandler('message.sendAudio', sendMessage);
