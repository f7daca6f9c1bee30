/** Positions of subscriptions as they are stored. */
import type { Seq } from '../contract/ids.ts';
import { prepared } from './prepared.ts';
import type { StreamPositionsTable } from './stream.tables.ts';

export interface StoredPosition {
  readonly seq: Seq;
  readonly lane: string;
  readonly state: StreamPositionsTable['state'];
  readonly attempts: number;
  readonly refusals: number;
  readonly losses: number;
  readonly previous: Seq | null;
  readonly notBefore: number;
}

/** Keeps a position; one that is known changes, but not its lane. */
export const upsertPosition = prepared<StoredPosition & { id: number }, unknown>((db, row) =>
  db
    .insertInto('stream_positions')
    .values({
      subscription_id: row.id,
      seq: row.seq,
      lane: row.lane,
      state: row.state,
      attempts: row.attempts,
      refusals: row.refusals,
      losses: row.losses,
      previous: row.previous,
      not_before: row.notBefore,
    })
    .onConflict((conflict) =>
      conflict.columns(['subscription_id', 'seq']).doUpdateSet((eb) => ({
        state: eb.ref('excluded.state'),
        attempts: eb.ref('excluded.attempts'),
        refusals: eb.ref('excluded.refusals'),
        losses: eb.ref('excluded.losses'),
        previous: eb.ref('excluded.previous'),
        not_before: eb.ref('excluded.not_before'),
      })),
    ),
);
