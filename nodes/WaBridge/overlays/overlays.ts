/** What the table of operations does not say: words and layout, and operations that are more than one call with JSON. */
import type { NodeOperation } from '../operations/node-operation';
import type { OnePerResource, OperationId, Overlays } from '../operations/overlay';
import { chatOverlays } from './chat';
import { messageOverlays } from './message';
import { pairingCode } from './pairing-code';
import { qrCode } from './qr-code';
import { MEDIA_SENDS, sendMedia } from './send-media';
import { sessionOverlays } from './session';

export const OVERLAYS: Overlays = { ...chatOverlays, ...messageOverlays, ...sessionOverlays };

/** Operations of the node that are not derived. */
export const WRITTEN_BY_HAND: readonly NodeOperation[] = [pairingCode, qrCode, sendMedia];

/** Operations of the catalogue that one of those offers. */
export const OFFERED_BY_HAND: readonly OperationId[] = [...MEDIA_SENDS, 'session.requestPairingCode'];

/**
 * The operation that is selected when a resource is chosen. n8n does not save a parameter that has its default, so these stay
 * as they are: saved workflows would do something else.
 */
export const DEFAULT_OPERATIONS: OnePerResource = {
  chat: 'chat.markRead',
  message: 'message.sendText',
  session: 'session.list',
};
