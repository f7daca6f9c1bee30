/** Reactions, read state and typing of the account, as the people at the other end see them. */
import type { ChatId, MessageId } from '../../contract/ids.ts';
import { chatFormsOf, parseChatId } from '../../contract/whatsapp-id.ts';
import { never, type AccountContext } from './account-context.ts';
import { isOneOf, knownAddress } from './address-book.ts';
import { Arrivals } from './arrivals.ts';
import type { OperationAnswer, NetworkOperation } from './phone-network.ts';
import type { SandboxOperation, SandboxOperationFilter } from './sandbox-contract.ts';

export class ChatOperations {
  readonly #account: AccountContext;
  readonly #arrivals: Arrivals<SandboxOperation>;

  constructor(account: AccountContext) {
    this.#account = account;
    this.#arrivals = new Arrivals(() => account.memory.operations);
  }

  /** Operations that match, oldest first. */
  list(filter: SandboxOperationFilter = {}): readonly SandboxOperation[] {
    return this.#arrivals.matching(matcher(filter));
  }

  /** The same once there are `atLeast`, or what there is after `waitMs` milliseconds. */
  async wait(filter: SandboxOperationFilter, atLeast: number, waitMs: number): Promise<readonly SandboxOperation[]> {
    await this.#arrivals.until(matcher(filter), atLeast, waitMs);
    return this.list(filter);
  }

  close(): void {
    this.#arrivals.close();
  }

  /** A reaction meets the faults of sends, since it is one; the rest only `operationHangs`. */
  async carryOut(operation: NetworkOperation): Promise<OperationAnswer> {
    const account = this.#account;
    const isSend = operation.kind === 'reaction';
    if (account.applyFault(isSend ? 'sendHangs' : 'operationHangs')) return never();
    const refusal = this.#refusal(operation);
    if (refusal) return this.#answer(refusal);
    if (isSend && account.applyFault('dropBeforeSend')) {
      account.cut('the simulated connection broke');
      return never();
    }
    const at = await this.#show(operation);
    if (isSend && account.applyFault('dropAfterSend')) account.cut('the simulated connection broke');
    if (isSend && account.applyFault('answerLost')) return never();
    return this.#answer({ taken: true, at });
  }

  #refusal(operation: NetworkOperation): OperationAnswer | null {
    const { memory } = this.#account;
    const isSend = operation.kind === 'reaction';
    if (isSend && this.#account.applyFault('sendDeferred')) return { taken: false, why: 'busy', retryAfterMs: 200 };
    if (isSend && this.#account.applyFault('sendRefused')) return { taken: false, why: 'refused' };
    if (knownAddress(memory, operation.chatId) === null) return { taken: false, why: 'chat_unknown' };
    if (isSend && !this.#isIn(operation.targetMessageId, operation.chatId))
      return { taken: false, why: 'message_unknown' };
    return null;
  }

  #isIn(messageId: MessageId, chatId: ChatId): boolean {
    const { memory } = this.#account;
    const chat = knownAddress(memory, (messageId.split('_')[1] ?? '') as ChatId);
    return memory.known.has(messageId) && chat?.chatId === knownAddress(memory, chatId)?.chatId;
  }

  async #show(operation: NetworkOperation): Promise<string> {
    const { memory } = this.#account;
    const chat = knownAddress(memory, operation.chatId) ?? { chatId: operation.chatId };
    const shown: SandboxOperation = {
      kind: operation.kind,
      chat,
      messageId: operation.kind === 'reaction' ? operation.targetMessageId : null,
      emoji: operation.kind === 'reaction' ? operation.emoji : null,
      state: operation.kind === 'typing' ? operation.state : null,
      read: operation.kind === 'read' ? (memory.unread.get(chat.chatId) ?? 0) : null,
      at: new Date().toISOString(),
    };
    if (operation.kind === 'typing') memory.noteOperation(shown);
    else await this.#account.record({ t: 'operation', operation: shown });
    this.#arrivals.notify(shown);
    return shown.at;
  }

  async #answer(answer: OperationAnswer): Promise<OperationAnswer> {
    await this.#account.pause(this.#account.delay('answer'));
    return answer;
  }
}

function matcher(filter: SandboxOperationFilter): (operation: SandboxOperation) => boolean {
  const to = filter.to === undefined ? undefined : chatFormsOf(parseChatId(filter.to));
  return ({ kind, chat }) =>
    (filter.kind === undefined || kind === filter.kind) && (to === undefined || isOneOf(to, chat));
}
