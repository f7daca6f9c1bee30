/** Keys, the operator's own among them, and the check of signatures. */
import { KeyRing } from '../auth/key-ring.ts';
import { Nonces } from '../auth/nonces.ts';
import { ensureOperatorKey } from '../auth/operator-key.ts';
import type { PublicUrl } from '../auth/public-urls.ts';
import { Verifier } from '../auth/verifier.ts';
import { restoredAt } from '../store/epoch.ts';
import type { Base } from './base.ts';
import type { Store } from './store.ts';

export interface Auth {
  readonly keys: KeyRing;
  /** @param publicUrls where clients reach the bridge, known once it listens */
  readonly verifier: (publicUrls: () => readonly PublicUrl[]) => Verifier;
}

export async function startAuth(base: Base, { database, eventLog }: Store): Promise<Auth> {
  const { settings, clock, log, closers } = base;
  const nonces = new Nonces(database);
  const keys = new KeyRing({ database, nonces, clock, log });
  await keys.start();
  closers.add('keys', () => keys.stop());
  await keys.registerOperator(ensureOperatorKey(settings.dataDir).secret);
  const restored = restoredAt(eventLog.epoch);
  return {
    keys,
    verifier: (publicUrls) => new Verifier({ keys, nonces, publicUrls, clock, restoredAt: restored }),
  };
}
