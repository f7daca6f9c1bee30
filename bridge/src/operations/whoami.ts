/** Who asks, as the bridge sees it. */
import type { Clock } from '../ops/clock.ts';
import type { HandlersOf } from './handler.ts';

export interface WhoamiDependencies {
  readonly clock: Pick<Clock, 'now'>;
  readonly version: string;
}

export const whoamiHandlers = ({ clock, version }: WhoamiDependencies): HandlersOf<'whoami'> => ({
  'whoami.get': (_input, { keyId, scopes, sessions, expiresAt }) => ({
    keyId,
    scopes: [...scopes],
    sessions: sessions && [...sessions],
    expiresAt,
    serverTime: new Date(clock.now()).toISOString(),
    version,
  }),
});
