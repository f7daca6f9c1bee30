/** Whether the media store can be used. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { mediaLocationOf } from '../config/store-locations.ts';
import { placeOf } from '../config/store-url.ts';
import { WabError } from '../contract/errors.ts';
import { systemClock } from '../ops/clock.ts';
import { isLoopback } from '../config/load-settings.ts';
import type { Context } from './context.ts';
import { failed, ok, warning, type Result } from './finding.ts';

/** Puts a file into the bucket, reads it and removes it. A folder is looked at with the data folder. */
export async function checkMediaStore({ settings }: Context): Promise<Result> {
  const location = mediaLocationOf(settings);
  if (location.kind === 'disk') return ok(location.folder);
  const name = placeOf(location);
  // Loaded only now: most bridges keep files in a folder.
  const { openMediaStore } = await import('../compose/media-store.ts');
  const folder = await mkdtemp(join(tmpdir(), 'wabridge-doctor-'));
  const store = await openMediaStore(location, folder, systemClock);
  const key = `doctor_${process.pid}_${Date.now()}`;
  try {
    await store.start();
    await store.check();
    const file = await store.spool(Readable.from(['wabridge doctor']), () => undefined);
    await file.commit(key).finally(() => file.discard());
    await store.remove(key);
  } catch (error) {
    if (!(error instanceof WabError)) throw error;
    const { reason = error.message } = error.details;
    return failed(`${name}: ${reason}`, 'Correct that; files wait until the store can be used.');
  } finally {
    await store.stop();
    await rm(folder, { recursive: true, force: true });
  }
  const plain = location.endpoint?.startsWith('http:') && !isLoopback(new URL(location.endpoint).hostname);
  return plain
    ? warning(`${name} is reached without TLS`, 'Use an https endpoint, unless the network is private.')
    : ok(`${name} can be listed, written and read`);
}
