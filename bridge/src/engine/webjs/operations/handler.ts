/** How an operation is carried out through WhatsApp Web: what its handler gets, and how a handler is declared. */
import type { MessageId } from '../../../contract/ids.ts';
import type { EngineOperationId } from '../../../contract/operations/by-carrier.ts';
import type { EngineHandler, SendReceipt } from '../../engine-operations.ts';
import type { Deadlines } from '../deadlines.ts';
import type { Outgoing, Sender } from '../outbound/sender.ts';
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

/** Sends a message whose input is what the sender takes. */
export const sendMessage = (
  { sender }: WebjsPage,
  message: Outgoing,
  messageId: MessageId | null,
): Promise<SendReceipt> => sender.send(message, messageId);
