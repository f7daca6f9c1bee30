import { sandboxHandler, sendCaptioned } from '../handler.ts';

export const sendImage = sandboxHandler('message.sendImage', sendCaptioned('image'));
