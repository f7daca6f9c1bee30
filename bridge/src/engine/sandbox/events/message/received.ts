import { engineEvent, messageReport } from '../../../engine-events.ts';

export const received = engineEvent('message.received', messageReport);
