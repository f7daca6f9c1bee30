/** A message as the fact that any engine reports of it. */
import type { EngineFact, EngineMessage } from '../../../bridge/src/engine/engine.ts';
import { messageReport } from '../../../bridge/src/engine/engine-events.ts';

export const messageFact = (message: EngineMessage): EngineFact<'message.received' | 'message.sent'> => ({
  type: message.fromMe ? 'message.sent' : 'message.received',
  ...messageReport(message),
});
