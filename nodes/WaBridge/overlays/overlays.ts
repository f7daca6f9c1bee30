/** What the table of operations does not say: words and layout, and operations that are more than one call with JSON. */
import type { NodeOperation } from '../operations/node-operation';
import type { OperationId, Overlays } from '../operations/overlay';
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

/** The operation that is selected when a resource is chosen; else the first by name. */
export const DEFAULT_OPERATIONS: Readonly<Record<string, string>> = { message: 'sendText', session: 'list' };
