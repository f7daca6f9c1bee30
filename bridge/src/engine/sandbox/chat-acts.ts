/** Reactions, read state and typing of the account, as the people at the other end see them. */
import type { ChatId, WireId } from '../../contract/ids.ts';
import { chatFormsOf, parseChatId } from '../../contract/whatsapp-id.ts';
import { never, type AccountContext } from './account-context.ts';
import { isOneOf, knownAddress } from './address-book.ts';
import { Arrivals } from './arrivals.ts';
import type { ActAnswer, NetworkAct } from './phone-network.ts';
import type { SandboxAct, SandboxActFilter } from './sandbox-contract.ts';

export class ChatActs {
  readonly #account: AccountContext;
  readonly #arrivals: Arrivals<SandboxAct>;

  constructor(account: AccountContext) {
    this.#account = account;
    this.#arrivals = new Arrivals(() => account.memory.acts);
  }

  /** Acts that match, oldest first. */
  list(filter: SandboxActFilter = {}): readonly SandboxAct[] {
    return this.#arrivals.matching(matcher(filter));
  }

  /** The same once there are `atLeast`, or what there is after `waitMs` milliseconds. */
  async wait(filter: SandboxActFilter, atLeast: number, waitMs: number): Promise<readonly SandboxAct[]> {
    await this.#arrivals.until(matcher(filter), atLeast, waitMs);
    return this.list(filter);
  }

  close(): void {
    this.#arrivals.close();
  }

  /** A reaction meets the faults of sends, since it is one; the rest only `actHangs`. */
  async carryOut(act: NetworkAct): Promise<ActAnswer> {
    const account = this.#account;
    const isSend = act.kind === 'reaction';
    if (account.strike(isSend ? 'sendHangs' : 'actHangs')) return never();
    const refusal = this.#refusal(act);
    if (refusal) return this.#answer(refusal);
    if (isSend && account.strike('dropBeforeSend')) {
      account.cut('the simulated connection broke');
      return never();
    }
    const at = await this.#show(act);
    if (isSend && account.strike('dropAfterSend')) account.cut('the simulated connection broke');
    if (isSend && account.strike('answerLost')) return never();
    return this.#answer({ taken: true, at });
  }

  #refusal(act: NetworkAct): ActAnswer | null {
    const { memory } = this.#account;
    const isSend = act.kind === 'reaction';
    if (isSend && this.#account.strike('sendDeferred')) return { taken: false, why: 'busy', retryAfterMs: 200 };
    if (isSend && this.#account.strike('sendRefused')) return { taken: false, why: 'refused' };
    if (knownAddress(memory, act.chatId) === null) return { taken: false, why: 'chat_unknown' };
    if (isSend && !this.#isIn(act.targetWireId, act.chatId)) return { taken: false, why: 'message_unknown' };
    return null;
  }

  #isIn(wireId: WireId, chatId: ChatId): boolean {
    const { memory } = this.#account;
    const chat = knownAddress(memory, (wireId.split('_')[1] ?? '') as ChatId);
    return memory.known.has(wireId) && chat?.chatId === knownAddress(memory, chatId)?.chatId;
  }

  async #show(act: NetworkAct): Promise<string> {
    const { memory } = this.#account;
    const chat = knownAddress(memory, act.chatId) ?? { chatId: act.chatId };
    const shown: SandboxAct = {
      kind: act.kind,
      chat,
      messageId: act.kind === 'reaction' ? act.targetWireId : null,
      emoji: act.kind === 'reaction' ? act.emoji : null,
      state: act.kind === 'typing' ? act.state : null,
      read: act.kind === 'seen' ? (memory.unread.get(chat.chatId) ?? 0) : null,
      at: new Date().toISOString(),
    };
    if (act.kind === 'typing') memory.noteAct(shown);
    else await this.#account.record({ t: 'act', act: shown });
    this.#arrivals.grown(shown);
    return shown.at;
  }

  async #answer(answer: ActAnswer): Promise<ActAnswer> {
    await this.#account.pause(this.#account.delay('answer'));
    return answer;
  }
}

function matcher(filter: SandboxActFilter): (act: SandboxAct) => boolean {
  const to = filter.to === undefined ? undefined : chatFormsOf(parseChatId(filter.to));
  return ({ kind, chat }) =>
    (filter.kind === undefined || kind === filter.kind) && (to === undefined || isOneOf(to, chat));
}
