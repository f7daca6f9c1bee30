/** The catalogue of operations. A test holds it against the folder. */
import type { Operation } from '../operation.ts';
import { discardDeadLetter } from './dead-letter/discard.ts';
import { listDeadLetters } from './dead-letter/list.ts';
import { redriveDeadLetter } from './dead-letter/redrive.ts';
import { issueKey } from './key/issue.ts';
import { listKeys } from './key/list.ts';
import { revokeKey } from './key/revoke.ts';
import { deleteSubscription } from './subscription/delete.ts';
import { listSubscriptions } from './subscription/list.ts';
import { whoami } from './whoami/get.ts';

export const OPERATIONS = [
  discardDeadLetter,
  listDeadLetters,
  redriveDeadLetter,
  issueKey,
  listKeys,
  revokeKey,
  deleteSubscription,
  listSubscriptions,
  whoami,
] as const satisfies readonly Operation[];

export type AnyOperation = (typeof OPERATIONS)[number];
