import { sandboxHandler, sendCaptioned } from '../handler.ts';

export const sendVideo = sandboxHandler('message.sendVideo', sendCaptioned('video'));
