/** Errors as plain data, so that they cross the border between the writer's thread and the rest whole. */
import { isNativeError } from 'node:util/types';
import { WabError, type ErrorCode } from '../../contract/errors.ts';

export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Set where it was a `WabError`. */
  readonly wab: { readonly code: ErrorCode; readonly details: WabError['details'] } | undefined;
  /** SQLite's extended result code, where SQLite failed. */
  readonly errcode: number | undefined;
}

export function serializeError(error: unknown): SerializedError {
  // isNativeError also knows the errors of another realm (a worker, a test's sandbox).
  const cause = error instanceof Error || isNativeError(error) ? error : new Error(String(error));
  const errcode: unknown = (cause as { errcode?: unknown }).errcode;
  return {
    name: cause.name,
    message: cause.message,
    stack: cause.stack,
    wab: cause instanceof WabError ? { code: cause.code, details: cause.details } : undefined,
    errcode: typeof errcode === 'number' ? errcode : undefined,
  };
}

const SQLITE_FULL = 13;

/** The error again: a `WabError` with code and details, or an `Error` with the original's name, message and `errcode`. */
export function deserializeError(serialized: SerializedError): Error {
  if (serialized.wab) return new WabError(serialized.wab.code, serialized.wab.details);
  const original = Object.assign(new Error(serialized.message), {
    name: serialized.name,
    stack: serialized.stack ?? `${serialized.name}: ${serialized.message}`,
    ...(serialized.errcode === undefined ? {} : { errcode: serialized.errcode }),
  });
  if (primaryCode(serialized.errcode) === SQLITE_FULL) return new WabError('WAB_DISK_FULL', {}, { cause: original });
  return original;
}

/** The primary result code is the lower byte of the extended one. */
export const primaryCode = (errcode: number | undefined): number => (errcode ?? 0) & 0xff;
