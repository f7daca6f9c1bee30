/** The states of a session as clients see them. */
export const SESSION_STATES = [
  'stopped',
  'starting',
  'awaiting_scan',
  'connecting',
  'ready',
  'reconnecting',
  'stopping',
  'logged_out',
  'failed',
] as const;
export type SessionState = (typeof SESSION_STATES)[number];
