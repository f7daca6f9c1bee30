/** What a bridge and a simulated network in another process say to each other. JSON over HTTP and one WebSocket per device. */
import { WabError, type ErrorCode, ERRORS } from '../../contract/errors.ts';
import { reasonOf } from '../../ops/reason.ts';
import type { DeviceEvent, DeviceConnection } from './phone-network.ts';

/** Questions that a device asks over its connection. */
export const QUESTIONS = [
  'send',
  'perform',
  'sendStatus',
  'resolve',
  'media',
  'pair',
  'unlink',
] as const satisfies readonly (keyof DeviceConnection)[];
export type Question = (typeof QUESTIONS)[number];

export type DeviceFrame =
  | { readonly hello: { readonly session: string; readonly credential: string | null } }
  | { readonly online: true }
  | { readonly confirm: number }
  | { readonly ask: number; readonly what: Question; readonly about?: unknown };

export type NetworkFrame =
  | { readonly connected: true }
  | { readonly refused: string }
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
