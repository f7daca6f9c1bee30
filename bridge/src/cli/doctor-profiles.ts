/** Whether copies of logins can be kept, and opened elsewhere. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { openProfileStore } from '../compose/profile-store.ts';
import { isLoopback } from '../config/load-settings.ts';
import type { Settings } from '../config/settings.ts';
import { profilesLocationOf } from '../config/store-locations.ts';
import { placeOf } from '../config/store-url.ts';
import { WabError } from '../contract/errors.ts';
import type { Context } from './context.ts';
import { failed, ok, warning, type Result } from './finding.ts';

/** No session has this name on purpose; the archive that is tried is removed. */
const SESSION = 'wabridge-doctor';
const TEXT = 'wabridge doctor';
/** SHA-256 of that text. */
const SHA256 = '4d6f0e9bbd08da1caeeff4d2161e3347c3dcd22cb5e25e441d7d189684f5ceb4';

/** Tries what the bridge does with the store, without touching a login. */
export async function checkProfileStore({ settings }: Context): Promise<Result> {
  const location = profilesLocationOf(settings);
  if (location === null) return ok('not configured: logins are on this machine only');
  if (!settings.engines.includes('webjs')) return ok('not needed: the webjs engine is not enabled');
  const name = placeOf(location);
  // Loaded only now: most bridges have none.
  const { openProfileStore: open } = await import('../compose/profile-store.ts');
  const store = await open(location);
  try {
    await store.check();
    if (location.kind === 's3') await tryArchive(store);
  } catch (error) {
    if (!(error instanceof WabError)) throw error;
    const { reason = error.message } = error.details;
    return failed(`${name}: ${reason}`, 'Correct that; until then logins are not copied, and not restored.');
  } finally {
    await store.stop();
  }
  const endpoint = location.kind === 's3' ? location.endpoint : null;
  if (endpoint?.startsWith('http:') && !isLoopback(new URL(endpoint).hostname))
    return warning(`${name} is reached without TLS`, 'Use an https endpoint, unless the network is private.');
  return keyWarning(settings) ?? ok(`${name} can be listed, written and read`);
}

async function tryArchive(store: Awaited<ReturnType<typeof openProfileStore>>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'wabridge-doctor-'));
  const id = randomUUID();
  try {
    const path = join(folder, 'out');
    await writeFile(path, TEXT);
    await store.putArchive(SESSION, id, { path, sizeBytes: TEXT.length, sha256: SHA256 });
    await store.getArchive(SESSION, id, join(folder, 'in'));
    await store.removeArchive(SESSION, id);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The copies are of no use without the key, which is lost with this machine if it is nowhere else. */
function keyWarning({ masterKey, masterKeyFile, dataDir }: Settings): Result | null {
  const file = join(dataDir, 'master.key');
  if (masterKey !== undefined || masterKeyFile !== undefined) return null;
  return warning(
    existsSync(file) ? `the master key is in ${file} only` : 'the master key will be made in the data folder',
    'Copies of logins cannot be opened without it: keep it elsewhere too, or set WABRIDGE_MASTER_KEY on each machine.',
  );
}
