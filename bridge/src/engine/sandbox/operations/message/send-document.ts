import { sandboxHandler, sendCaptioned } from '../handler.ts';

export const sendDocument = sandboxHandler('message.sendDocument', sendCaptioned('document'));
