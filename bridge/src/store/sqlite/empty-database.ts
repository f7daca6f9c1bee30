/**
 * SQLite takes an empty file for a new database. Beside data of a bridge it is not a new one: a copy that was cut off,
 * a disk that lost it, a volume that was mounted elsewhere. Beginning again there would forget every message without a
 * word.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { WabError } from '../../contract/errors.ts';

/** What a bridge makes once its database has content, so never before. */
const OF_A_BRIDGE = ['operator.key', 'master.key', 'media', 'profiles', 'sandbox'];

/**
 * Where there is no database at all, that may be on purpose (restored login states, a database moved away); its
 * write-ahead log alone never is, and SQLite would delete it.
 *
 * @throws WabError WAB_DATABASE_EMPTY
 */
export function refuseEmptyDatabase(dataDir: string, file: string): void {
  const size = sizeOf(file);
  if (size !== null && size > 0) return;
  const log = `${file}-wal`;
  const beside =
    (sizeOf(log) ?? 0) > 0 ? log : size === null ? undefined : OF_A_BRIDGE.find((name) => holds(dataDir, name));
  if (beside !== undefined) throw new WabError('WAB_DATABASE_EMPTY', { file, beside });
}

function holds(dataDir: string, name: string): boolean {
  const stats = statSync(join(dataDir, name), { throwIfNoEntry: false });
  return stats?.isDirectory() ? readdirSync(join(dataDir, name)).length > 0 : stats !== undefined;
}

const sizeOf = (file: string): number | null => statSync(file, { throwIfNoEntry: false })?.size ?? null;
