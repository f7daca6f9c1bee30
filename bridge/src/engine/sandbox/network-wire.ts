/** What a bridge and a simulated network in another process say to each other. JSON over HTTP and one WebSocket per device. */
import { WabError, type ErrorCode, ERRORS } from '../../contract/errors.ts';
import { reasonOf } from '../../ops/reason.ts';
import type { DeviceEvent } from './phone-network.ts';

/** Raised by the first change, after a release, of what the two sides say: they understand each other only if it is the same. */
export const WIRE_VERSION = 3;
/** States it with each request and answer; a device says it in its `hello`. */
export const VERSION_HEADER = 'x-wabridge-sandbox-version';

/**
 * The error if the other side has another version, otherwise null.
 *
 * @param network the version of the network; undefined if it states none, as version 1 did
 */
export function versionMismatch(network: number | undefined, bridge: number | undefined): WabError | null {
  if (network === bridge) return null;
  return new WabError('WAB_SANDBOX_NETWORK_VERSION', { network: network ?? 1, bridge: bridge ?? 1 });
}

/** Why a network refuses a device. One that does not say it as an error is of an earlier version, and never will accept it. */
export const refusalOf = (error: WireError | undefined, bridge: number): Error =>
  error === undefined ? new WabError('WAB_SANDBOX_NETWORK_VERSION', { network: '1 or 2', bridge }) : fromWire(error);

/** What a header states. */
export const statedVersion = (header: string | readonly string[] | undefined): number | undefined =>
  typeof header === 'string' ? Number(header) : undefined;

export type DeviceFrame =
  | { readonly hello: { readonly session: string; readonly credential: string | null; readonly version?: number } }
  | { readonly online: true }
  | { readonly confirm: number }
  | { readonly ask: number; readonly what: string; readonly about?: unknown };

export type NetworkFrame =
  /** The version of the network. */
  | { readonly connected: number }
  /** The reason, and since version 3 the error. */
  | { readonly refused: string; readonly error?: WireError }
  | { readonly event: DeviceEvent }
  | { readonly answer: number; readonly value?: unknown; readonly cut?: string };

export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, string | number>>;
}

export function toWire(error: unknown): WireError {
  if (error instanceof WabError) return { code: error.code, message: error.message, details: error.details };
  return { code: '', message: reasonOf(error), details: {} };
}

export function fromWire(error: WireError): Error {
  return error.code in ERRORS ? new WabError(error.code as ErrorCode, error.details) : new Error(error.message);
}
