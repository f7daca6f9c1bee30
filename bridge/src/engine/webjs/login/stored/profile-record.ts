/** What the profile store has of a session, and which login counts: that one, or the one on this machine. */
import Type, { type Static } from 'typebox';
import { WabError } from '../../../../contract/errors.ts';
import { object } from '../../../../contract/schema.ts';
import { validatorOf } from '../../../../contract/validator.ts';
import type { ProfileMarker } from './profile-marker.ts';

const Holder = object({
  /** Random, for each time that a bridge takes the login. */
  claim: Type.String({ minLength: 1, maxLength: 100 }),
  /** Name of the machine, for people. */
  host: Type.String({ maxLength: 300 }),
  /** ISO 8601. */
  since: Type.String({ maxLength: 40 }),
});
const Archive = object({
  id: Type.String({ pattern: '^[A-Za-z0-9-]{1,100}$' }),
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  sizeBytes: Type.Integer({ minimum: 0 }),
  /** ISO 8601. */
  createdAt: Type.String({ maxLength: 40 }),
});
const ProfileRecord = object({
  format: Type.Literal(1),
  /** Random, for each write: tells a write of one's own whose answer was lost. */
  revision: Type.String({ maxLength: 100 }),
  /** Counts archives, and their removals. An archive of a lower number never takes the place of one of a higher. */
  generation: Type.Integer({ minimum: 0 }),
  /** The bridge that may run the login, and write its next archive. */
  holder: Type.Union([Holder, Type.Null()]),
  archive: Type.Union([Archive, Type.Null()]),
});
export type ProfileRecord = Static<typeof ProfileRecord>;
export type StoredArchive = NonNullable<ProfileRecord['archive']>;
const validator = validatorOf(ProfileRecord);

/** Of a session of which the store has nothing. */
export const NO_RECORD: ProfileRecord = { format: 1, revision: '', generation: 0, holder: null, archive: null };

/** @throws WabError WAB_PROFILE_DAMAGED */
export function parseRecord(text: string, session: string, store: string): ProfileRecord {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    found = null;
  }
  if (validator().Check(found)) return found;
  const format = (found as { format?: unknown } | null)?.format;
  const reason =
    typeof format === 'number' && format !== 1
      ? `its record has format ${format}, but this version of wabridge reads format 1`
      : 'its record is damaged';
  throw new WabError('WAB_PROFILE_DAMAGED', { session, store, reason });
}

/**
 * Which login a session goes on with. What this machine knows of the store decides, not a time: clocks differ.
 *
 * @param marker what this machine has noted of the store; null if this login was never in it
 * @returns `conflict` if nothing says which of two logins is the newer one
 */
export function decideLogin(
  record: ProfileRecord,
  hasLogin: boolean,
  marker: Pick<ProfileMarker, 'generation' | 'archives'> | null,
): 'keep' | 'restore' | 'conflict' {
  const { archive, generation } = record;
  if (archive === null) return 'keep';
  if (!hasLogin) return 'restore';
  if (marker === null || marker.generation === null) return 'conflict';
  return marker.archives.includes(archive.id) || generation <= marker.generation ? 'keep' : 'restore';
}
