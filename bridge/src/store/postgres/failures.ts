/** What a failure of PostgreSQL means for the work that met it, by its SQLSTATE. */
import { WabError } from '../../contract/errors.ts';

/** The connection can no longer be used, or the server does not serve it: get another one, then try again. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
}

/** As `pg` throws it. */
interface ServerFailure extends Error {
  /** SQLSTATE. */
  readonly code: string;
  readonly severity?: string;
}

const isServerFailure = (error: unknown): error is ServerFailure =>
  error instanceof Error && /^[0-9A-Z]{5}$/.test((error as Partial<ServerFailure>).code ?? '') && 'severity' in error;

const READ_ONLY = '25006';
/** By class (two characters) or whole: the server does not serve this connection, and may serve another one later. */
const LOST = ['08', '57P01', '57P02', '57P03', '57P04', '57P05', '25P03', '53300', READ_ONLY, '28', '3D000'];
/** The transaction was given up for reasons that pass: carried out again, it may succeed. */
const AGAIN = ['40', '55P03', '57014', '53000', '53200', '53400', '58030'];
const DISK_FULL = '53100';
const NOT_NULL = '23502';

/** Why the server does not serve, for an operator; other failures speak for themselves. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refuses connections (not running, or another port)',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved at the moment',
  ETIMEDOUT: 'it does not answer',
  EHOSTUNREACH: 'it cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  ENOENT: 'its socket does not exist (not running, or another folder)',
  '57P01': 'it was stopped, or ended the connection',
  '57P02': 'it crashed',
  '57P03': 'it is starting up or shutting down',
  '53300': 'it has no free connections (max_connections)',
  '25006': 'it is read-only (a standby, or default_transaction_read_only)',
  '28P01': 'it refuses the password',
  '3D000': 'the database does not exist',
};

export type FailureKind = 'lost' | 'again' | 'full' | 'own';

/**
 * @returns `lost`: needs another connection. `again`: roll back and repeat. `full`: the server's disk is full. `own`: the
 *   fault of what was asked for
 */
export function kindOf(error: unknown): FailureKind {
  if (error instanceof ConnectionLostError) return 'lost';
  if (!isServerFailure(error)) return 'own';
  const { code, severity } = error;
  if (code === DISK_FULL) return 'full';
  if (severity === 'FATAL' || severity === 'PANIC' || isAmong(LOST, code)) return 'lost';
  return isAmong(AGAIN, code) ? 'again' : 'own';
}

/** Whether something was to be written on a connection, or a server, that only reads. */
export const isReadOnlyRefusal = (error: unknown): boolean => isServerFailure(error) && error.code === READ_ONLY;

const isAmong = (codes: readonly string[], code: string): boolean => codes.some((known) => code.startsWith(known));

/** What is wrong, for an operator. */
export function problemOf(error: unknown): string {
  const cause = error instanceof ConnectionLostError && error.cause !== undefined ? error.cause : error;
  if (!(cause instanceof Error)) return 'it failed without giving a reason';
  // Node tries every address of a name, and says what became of each.
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  const { code = '', message } = first as { code?: string; message: string };
  return message === 'timeout expired' ? WORDS['ETIMEDOUT']! : (WORDS[code] ?? message);
}

/** Of what is thrown by a statement, or while connecting: whatever is not the server's own answer is the connection's end. */
export const asFailure = (error: unknown): Error =>
  isServerFailure(error)
    ? error
    : new ConnectionLostError(`The connection was lost: ${problemOf(error)}`, { cause: error });

/**
 * The server's failure in the words of the rest of the bridge. What the server adds to its message (detail, where) quotes the
 * row, and with it phone numbers and texts, which must not reach a log.
 */
export function explainServerFailure(error: Error): Error {
  if (!isServerFailure(error)) return error;
  if (error.code === DISK_FULL) return new WabError('WAB_DISK_FULL', {}, { cause: error });
  const what = error.code === NOT_NULL ? 'NOT NULL constraint failed: ' : '';
  return new Error(`${what}${error.message} (SQLSTATE ${error.code})`, { cause: error });
}

/** Refusals that no waiting changes, so that a start ends with them: by SQLSTATE, or Node's code for certificates. */
const HOPELESS = ['28', '3D000', '3F000', '42501'];
const CERTIFICATE = /^(?:ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF))/;
const NO_TLS = /does not support SSL/;

/** Whether the start of a bridge should not wait for this to change. */
export function isHopeless(error: unknown): boolean {
  const cause = error instanceof ConnectionLostError ? error.cause : error;
  if (!(cause instanceof Error)) return false;
  const { code = '', message } = cause as { code?: string; message: string };
  return (isServerFailure(cause) && isAmong(HOPELESS, code)) || CERTIFICATE.test(code) || NO_TLS.test(message);
}
