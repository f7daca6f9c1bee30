/** What a key may do. A route names exactly one scope; liveness alone names none. */
export const SCOPES = {
  'events:read': 'read the event log and open streams; reading message bodies also needs messages:read',
  'events:manage': 'delete subscriptions, list, redrive and discard dead letters',
  'messages:send': 'send messages, upload media, resolve and cancel outbox messages',
  'messages:read': 'read message bodies, media and the outbox',
  'sessions:read': 'list sessions and see their state',
  'sessions:manage': 'create, start, stop, link and delete sessions, read QR codes, drive the sandbox',
  'keys:manage': 'issue, list and revoke keys',
  'metrics:read': 'read readiness and metrics',
} as const;

export type Scope = keyof typeof SCOPES;
export const ALL_SCOPES = Object.keys(SCOPES) as readonly Scope[];
/** What the key of an n8n instance needs, no more. */
export const N8N_SCOPES: readonly Scope[] = [
  'events:read',
  'messages:send',
  'messages:read',
  'sessions:read',
  'sessions:manage',
];
