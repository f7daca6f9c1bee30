/** The sessions with their engines, and the fetcher of what they receive. */
import { join } from 'node:path';
import { SecretBox } from '../auth/secret-box.ts';
import { PROFILES_FOLDER } from '../config/settings.ts';
import type { SessionName } from '../contract/ids.ts';
import type { Recorder } from '../events/recorder.ts';
import type { OpenIngress } from '../http/services.ts';
import type { Ownership } from '../ownership/ownership.ts';
import { SoleOwner } from '../ownership/sole-owner.ts';
import { SessionRegistry } from '../sessions/registry.ts';
import { DEFAULT_SUPERVISION } from '../sessions/supervised-session.ts';
import type { Base } from './base.ts';
import { engineFactories, sandboxNetwork, type SandboxNetwork } from './engines.ts';
import type { Media } from './media.ts';
import { type Profiles, startProfiles } from './profiles.ts';
import type { Store } from './store.ts';

const RESTORE_CONCURRENCY = 4;

export interface Sessions {
  readonly registry: SessionRegistry;
  readonly ownership: Ownership<SessionName>;
  /** The engines that take requests of the other side. */
  readonly ingress: readonly OpenIngress[];
  /** The simulated network, or null if the sandbox is not enabled. */
  readonly network: SandboxNetwork | null;
  /** Where logins are kept for other machines; null if they are not. */
  readonly profileStore: Profiles['store'] | null;
}

interface Needs {
  readonly database: Store['database'];
  readonly recorder: Recorder;
  readonly media: Media;
}

export async function startSessions(base: Base, { database, recorder, media }: Needs): Promise<Sessions> {
  const { settings, clock, log, metrics, closers, moreEngines } = base;
  const network = sandboxNetwork(settings);
  if (network !== null) closers.add('sandbox network', () => network.close());
  const profiles = await startProfiles(base);
  const factories = [
    ...(await engineFactories(settings, network, metrics, log, profiles?.stored ?? null)),
    ...moreEngines,
  ];
  const ownership = new SoleOwner<SessionName>();
  const registry = new SessionRegistry(
    {
      database,
      factories,
      recorder,
      clock,
      log,
      random: Math.random,
      options: DEFAULT_SUPERVISION,
      secrets: new SecretBox(settings),
      ownership,
    },
    {
      profilesDir: join(settings.dataDir, PROFILES_FOLDER),
      maxSessions: settings.maxSessions,
      restoreConcurrency: RESTORE_CONCURRENCY,
    },
  );
  closers.add('sessions', () => registry.close());
  const fetcher = media.fetcherFor({ sessions: registry, ownership });
  // Facts arrive from now on, so what they wake must be there; but the fetcher starts only once the sessions are known,
  // since it gives up the files of sessions that do not exist.
  await registry.open();
  fetcher.start();
  closers.add('media fetcher', () => fetcher.stop());
  const ingress = factories.flatMap(({ name: engine, ingress: open }) => (open ? [{ engine, ...open }] : []));
  return { registry, ownership, network, ingress, profileStore: profiles?.store ?? null };
}
