/**
 * What a session's folder notes of the profile store. It is in the folder of the login, so that a folder that was brought back
 * from elsewhere says how old its login is.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { object } from '../../../../contract/schema.ts';
import { validatorOf } from '../../../../contract/validator.ts';

const MARKER_FILE = 'stored.json';

const ProfileMarker = object({
  /** Claims under which this folder may hold the login: those that were tried since, and at the end the last that it had. */
  claims: Type.Array(Type.String(), { maxItems: 10 }),
  /** The login is at least as new as this generation; null if that was never found out. */
  generation: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  /** The login is at least as new as these archives. One may never have come to be the one that counts. */
  archives: Type.Array(Type.String(), { maxItems: 2 }),
  /** Whether a browser may have changed the login since the newest archive. */
  dirty: Type.Boolean(),
});
export type ProfileMarker = Static<typeof ProfileMarker>;
const validator = validatorOf(ProfileMarker);

const NO_MARKER: ProfileMarker = { claims: [], generation: null, archives: [], dirty: false };

/** Null if there is none, or it is damaged: then nothing is known. */
export async function readMarker(file: string): Promise<ProfileMarker | null> {
  try {
    const found: unknown = JSON.parse(await readFile(file, 'utf8'));
    return validator().Check(found) ? found : null;
  } catch {
    return null;
  }
}

export async function writeMarker(file: string, marker: ProfileMarker): Promise<void> {
  const draft = `${file}.new`;
  await writeFile(draft, JSON.stringify(marker), { mode: 0o600, flush: true });
  await rename(draft, file);
}

/** @param changes to what is noted so far, if anything is */
export async function changeMarker(file: string, changes: Partial<ProfileMarker>): Promise<void> {
  await writeMarker(file, { ...((await readMarker(file)) ?? NO_MARKER), ...changes });
}

export const markerFileOf = (folder: string): string => join(folder, MARKER_FILE);

/** The claims of a marker with one that is about to be tried. */
export function withClaim(claim: string, marker: ProfileMarker | null): string[] {
  const before = marker?.claims ?? [];
  return [claim, ...before.slice(0, -1).slice(0, 8), ...before.slice(-1)];
}
