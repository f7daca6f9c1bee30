import { engineEvent, messageReport } from '../../../engine-events.ts';

export const sent = engineEvent('message.sent', messageReport);
