/** What the main thread and the writer's thread say to each other. */
import type { Call } from '../operation.ts';
import type { SerializedError } from './serialized-error.ts';

/** One atomic unit of work. */
export interface Unit {
  readonly id: number;
  readonly calls: readonly Call<unknown>[];
}

export type Outcome =
  | { readonly id: number; readonly results: readonly unknown[] }
  | { readonly id: number; readonly error: SerializedError };

export type ToWriter = { readonly kind: 'units'; readonly units: readonly Unit[] } | { readonly kind: 'close' };

export type FromWriter =
  | { readonly kind: 'opened' }
  | { readonly kind: 'failed'; readonly error: SerializedError }
  | { readonly kind: 'outcomes'; readonly outcomes: readonly Outcome[] }
  /** A commit failed in a way that leaves open what is on disk. The writer has stopped. */
  | { readonly kind: 'fatal'; readonly error: SerializedError }
  | { readonly kind: 'closed' };

export interface WriterData {
  readonly file: string;
}

/** Units that share one transaction, and thereby one fsync, at most. */
export const GROUP_LIMIT = 500;
