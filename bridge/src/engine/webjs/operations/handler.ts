/** How an operation is carried out through WhatsApp Web: what its handler gets, and how a handler is declared. */
import type { EngineOperationId } from '../../../contract/operations/by-carrier.ts';
import type { EngineHandler } from '../../engine-operations.ts';
import type { Deadlines } from '../deadlines.ts';
import type { Sender } from '../outbound/sender.ts';
import type { PageCalls } from '../page/page-calls.ts';

/** A page with a linked account, ready. */
export interface WebjsPage {
  readonly page: PageCalls;
  readonly sender: Pick<Sender, 'send'>;
  readonly deadlines: Deadlines;
}

/** Declares the handler of an operation. */
export const webjsHandler = <const Id extends EngineOperationId>(
  id: Id,
  carryOut: EngineHandler<WebjsPage, Id>['carryOut'],
): EngineHandler<WebjsPage, Id> => ({ id, carryOut });
