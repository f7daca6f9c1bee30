/** What the system and SQLite throw, as errors of the catalogue: what is wrong, and what to do next. */
import { dirname } from 'node:path';
import { WabError } from '../contract/errors.ts';

/** Where it happened. */
export interface FailurePlace {
  /** The data folder, or the file that was written or read. */
  readonly path: string;
  readonly host?: string;
  readonly opsPort?: number | undefined;
}

interface SystemFailure extends Error {
  readonly code?: string;
  readonly syscall?: string;
  readonly address?: string;
  readonly port?: number;
  readonly path?: string;
  /** SQLite's extended result code. */
  readonly errcode?: number;
}

/** Why a path cannot be used, by the system's code. */
const PATH_REASONS: Readonly<Record<string, string>> = {
  EROFS: 'the file system is mounted read-only',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOENT: 'its folder does not exist',
  ENOTDIR: 'there is a file in place of a folder',
  EEXIST: 'there is a file in place of a folder',
  EISDIR: 'there is a folder in place of a file',
  ELOOP: 'its symbolic links form a loop',
  ENAMETOOLONG: 'its name is too long',
  EIO: 'the disk reports input or output errors',
};
const FULL = new Set(['ENOSPC', 'EDQUOT']);
/** Of SQLite, by primary result code. */
const SQLITE_DAMAGED = new Set([11, 26]);
const SQLITE_FULL = 13;
const SQLITE_PATH_REASONS: Readonly<Record<number, string>> = {
  3: PATH_REASONS['EACCES']!,
  8: 'this user may only read the database in it',
  10: PATH_REASONS['EIO']!,
  14: 'this user cannot open the database in it',
};

/** The failure in the words of the catalogue, or as it was where the catalogue does not know it. */
export function explainFailure(failure: unknown, place: FailurePlace): unknown {
  if (failure instanceof WabError || !(failure instanceof Error)) return failure;
  const { code = '', syscall = '' } = failure as SystemFailure;
  if (['listen', 'bind', 'getaddrinfo'].includes(syscall)) return listenFailure(failure, place);
  if (FULL.has(code)) return new WabError('WAB_DISK_FULL', {}, { cause: failure });
  if (code === 'ERR_SQLITE_ERROR' || (failure as SystemFailure).errcode !== undefined)
    return sqliteFailure(failure, place);
  const reason = PATH_REASONS[code];
  if (reason === undefined) return failure;
  const path = (failure as SystemFailure).path ?? place.path;
  // The folder itself is what a person mends, not the file of ours that met it first.
  const named = code === 'ENOENT' ? dirname(path) : path.startsWith(place.path) ? place.path : path;
  return new WabError('WAB_PATH_UNUSABLE', { path: named, reason }, { cause: failure });
}

/** Runs the work, and throws what it throws in the words of the catalogue. */
export async function explained<Result>(place: FailurePlace, work: () => Promise<Result> | Result): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw explainFailure(error, place);
  }
}

function listenFailure(failure: SystemFailure, place: FailurePlace): WabError {
  const { code = '', port } = failure;
  const address = `${failure.address ?? place.host ?? 'localhost'}${port === undefined ? '' : `:${port}`}`;
  const options = { cause: failure };
  const setting = port !== undefined && port === place.opsPort ? 'WABRIDGE_OPS_PORT' : 'WABRIDGE_PORT';
  if (code === 'EADDRINUSE') return new WabError('WAB_PORT_IN_USE', { address, setting }, options);
  if (code === 'EACCES')
    return new WabError(
      'WAB_ADDRESS_UNUSABLE',
      { address, reason: `this user may not listen on that port; choose one above 1023 with ${setting}` },
      options,
    );
  const reason = `this machine does not have that address (${code}); correct WABRIDGE_HOST`;
  return new WabError('WAB_ADDRESS_UNUSABLE', { address, reason }, options);
}

function sqliteFailure(failure: SystemFailure, { path }: FailurePlace): Error {
  const primary = (failure.errcode ?? 0) & 0xff;
  const options = { cause: failure };
  if (primary === SQLITE_FULL) return new WabError('WAB_DISK_FULL', {}, options);
  if (SQLITE_DAMAGED.has(primary))
    return new WabError('WAB_DATABASE_DAMAGED', { folder: path, reason: failure.message }, options);
  const reason = SQLITE_PATH_REASONS[primary];
  return reason === undefined ? failure : new WabError('WAB_PATH_UNUSABLE', { path, reason }, options);
}
