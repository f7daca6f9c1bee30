/** Messages of the account on their way out: taken, lost, late, acknowledged. */
import { ACK_LEVELS, type AckLevel } from '../../contract/message-data.ts';
import type { MessageId } from '../../contract/ids.ts';
import type { SendStatus } from '../engine.ts';
import { addressOf } from '../../contract/whatsapp-id.ts';
import { never, type AccountContext } from './account-context.ts';
import type { Outgoing } from './account-memory.ts';
import { knownAddress } from './address-book.ts';
import { acknowledged } from './events/message/acknowledged.ts';
import { failed } from './events/message/failed.ts';
import type { NetworkMessage, NetworkSend, SendAnswer } from './phone-network.ts';

const CHAIN = ['server', 'delivered', 'read'] as const satisfies readonly AckLevel[];
const rank = (level: AckLevel | null | undefined): number => (level ? ACK_LEVELS.indexOf(level) : -1);

export class MessageRouter {
  readonly #account: AccountContext;
  /** Messages of which nobody can say yet whether they leave. */
  readonly #pending = new Map<MessageId, number>();
  /** Messages whose acknowledgements are under way. */
  readonly #acknowledging = new Set<MessageId>();

  constructor(account: AccountContext) {
    this.#account = account;
  }

  /** Goes on with the acknowledgements that a restart of the network interrupted. */
  resume(): void {
    for (const outgoing of this.#account.memory.outgoing.values()) void this.#acknowledge(outgoing);
  }

  async send(message: NetworkSend): Promise<SendAnswer> {
    const account = this.#account;
    if (account.applyFault('sendHangs')) return never();
    const refusal = this.#refusal(message);
    if (refusal) return this.#answer(refusal);
    if (account.applyFault('dropBeforeSend')) {
      account.cut('the simulated connection broke');
      return never();
    }
    const late = account.applyFault('sendLate');
    await this.#underWay(message.messageId, async () => {
      if (late) await account.pause(late.delayMs ?? 1000);
      await this.transmit(message, 'bridge');
    });
    if (account.applyFault('dropAfterSend')) account.cut('the simulated connection broke');
    if (account.applyFault('answerLost')) return never();
    const slow = account.applyFault('answerLate');
    if (slow) await account.pause(slow.delayMs ?? 60_000);
    const sentAt = account.memory.outgoing.get(message.messageId)?.message.sentAt ?? new Date().toISOString();
    return this.#answer({ taken: true, sentAt });
  }

  /** What the device can tell of a message; `unknown` while it is under way. Of earlier logins it has nothing any more. */
  sendStatus(messageId: MessageId): SendStatus {
    if (this.#account.applyFault('sendStatusUnknown')) return 'unknown';
    const { outgoing, logins } = this.#account.memory;
    if (outgoing.get(messageId)?.login === logins) return 'sent';
    return this.#pending.has(messageId) ? 'unknown' : 'absent';
  }

  /** The message is out: the other side receives it, whatever the sender learns of it. */
  async transmit(message: NetworkSend, via: 'bridge' | 'phone'): Promise<NetworkMessage> {
    const { memory, session } = this.#account;
    const sentAt = new Date().toISOString();
    const { chatId, mentions, ...content } = message;
    const sent: NetworkMessage = {
      ...content,
      chat: knownAddress(memory, chatId) ?? addressOf(chatId),
      sender: this.#account.self,
      fromMe: true,
      sentAt,
      mentions: mentions.map((each) => addressOf(each)),
    };
    await this.#account.record({ t: 'out', via, message: sent, at: sentAt });
    const outgoing = memory.outgoing.get(message.messageId);
    if (!outgoing) throw new Error(`the simulated network of ${session} lost a message`);
    if (via === 'phone') return sent;
    if (this.#account.applyFault('ownMessageEchoed')) await this.#account.deliverMessage(sent);
    void this.#acknowledge(outgoing);
    return sent;
  }

  #refusal(message: NetworkSend): SendAnswer | null {
    const { memory } = this.#account;
    if (this.#account.applyFault('sendDeferred')) return { taken: false, why: 'busy', retryAfterMs: 200 };
    if (this.#account.applyFault('sendRefused')) return { taken: false, why: 'refused' };
    if (knownAddress(memory, message.chatId) === null) return { taken: false, why: 'chat_unknown' };
    if (message.quotedMessageId && !memory.known.has(message.quotedMessageId))
      return { taken: false, why: 'quoted_unknown' };
    return null;
  }

  async #answer(answer: SendAnswer): Promise<SendAnswer> {
    await this.#account.pause(this.#account.delay('answer'));
    return answer;
  }

  async #underWay(messageId: MessageId, run: () => Promise<void>): Promise<void> {
    this.#pending.set(messageId, (this.#pending.get(messageId) ?? 0) + 1);
    try {
      await run();
    } finally {
      const left = (this.#pending.get(messageId) ?? 1) - 1;
      if (left > 0) this.#pending.set(messageId, left);
      else this.#pending.delete(messageId);
    }
  }

  /** Server, delivered, read: each some time after the one before, as far as it has not come already. */
  async #acknowledge(outgoing: Outgoing): Promise<void> {
    const { messageId, chat } = outgoing.message;
    if (outgoing.silent || outgoing.level === 'read' || this.#acknowledging.has(messageId)) return;
    this.#acknowledging.add(messageId);
    try {
      const fails = outgoing.level === null && this.#account.applyFault('sendFailsLater') !== null;
      const lost = this.#account.applyFault('ackLost');
      for (const level of CHAIN) {
        if (rank(level) <= rank(outgoing.level)) continue;
        if (lost && rank(level) >= rank(lost.fromLevel ?? 'server')) {
          await this.#account.record({ t: 'silent', messageId });
          return;
        }
        await this.#account.pause(this.#account.delay(level));
        if (fails) return await this.#account.deliver(failed.fact(chat, messageId));
        const ack = acknowledged.fact(chat, messageId, level);
        await this.#account.deliver(ack);
        if (this.#account.applyFault('ackDuplicated')) await this.#account.deliver(ack);
      }
    } catch {
      // The network ended meanwhile; the acknowledgements go on when it is opened again.
    } finally {
      this.#acknowledging.delete(messageId);
    }
  }
}
