import { event } from '../../event.ts';
import { object, Timestamp } from '../../schema.ts';

/** The code itself is no event: it is a login secret. */
export const sessionQrIssued = event({
  type: 'session.qr_issued',
  description: 'A QR code is ready to be scanned; read it with GET /v1/sessions/{name}/qr.',
  content: false,
  reportedBy: 'bridge',
  about: { kind: 'session' },
  fromMe: null,
  identity: { by: 'occurrence' },
  movesOutbox: null,
  countedAs: null,
  data: object({ expiresAt: Timestamp }),
  example: { expiresAt: '2026-03-01T09:30:20.000Z' },
});
