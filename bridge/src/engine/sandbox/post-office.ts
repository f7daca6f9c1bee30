/** Messages of the account on their way out: taken, lost, late, acknowledged. */
import { ACK_LEVELS, type AckLevel } from '../../contract/events.ts';
import type { WireId } from '../../contract/ids.ts';
import type { SendFate } from '../engine.ts';
import { addressOf } from '../../contract/whatsapp-id.ts';
import { never, type AccountContext } from './account-context.ts';
import type { Outgoing } from './account-memory.ts';
import { knownAddress } from './address-book.ts';
import type { NetworkMessage, NetworkSend, SendAnswer } from './phone-network.ts';

const CHAIN = ['server', 'delivered', 'read'] as const satisfies readonly AckLevel[];
const rank = (level: AckLevel | null | undefined): number => (level ? ACK_LEVELS.indexOf(level) : -1);

export class PostOffice {
  readonly #account: AccountContext;
  /** Messages of which nobody can say yet whether they leave. */
  readonly #pending = new Map<WireId, number>();
  /** Messages whose acknowledgements are under way. */
  readonly #acknowledging = new Set<WireId>();

  constructor(account: AccountContext) {
    this.#account = account;
  }

  /** Goes on with the acknowledgements that a restart of the network interrupted. */
  resume(): void {
    for (const outgoing of this.#account.memory.outgoing.values()) void this.#acknowledge(outgoing);
  }

  async send(message: NetworkSend): Promise<SendAnswer> {
    const account = this.#account;
    if (account.strike('sendHangs')) return never();
    const refusal = this.#refusal(message);
    if (refusal) return this.#answer(refusal);
    if (account.strike('dropBeforeSend')) {
      account.cut('the simulated connection broke');
      return never();
    }
    const late = account.strike('sendLate');
    await this.#underWay(message.wireId, async () => {
      if (late) await account.pause(late.delayMs ?? 1000);
      await this.transmit(message, 'bridge');
    });
    if (account.strike('dropAfterSend')) account.cut('the simulated connection broke');
    if (account.strike('answerLost')) return never();
    const slow = account.strike('answerLate');
    if (slow) await account.pause(slow.delayMs ?? 60_000);
    const sentAt = account.memory.outgoing.get(message.wireId)?.message.sentAt ?? new Date().toISOString();
    return this.#answer({ taken: true, sentAt });
  }

  /** What the device can tell of a message; `unknown` while it is under way. Of earlier logins it has nothing any more. */
  fate(wireId: WireId): SendFate {
    if (this.#account.strike('fateUnknown')) return 'unknown';
    const { outgoing, logins } = this.#account.memory;
    if (outgoing.get(wireId)?.login === logins) return 'sent';
    return this.#pending.has(wireId) ? 'unknown' : 'absent';
  }

  /** The message is out: the other side receives it, whatever the sender learns of it. */
  async transmit(message: NetworkSend, via: 'bridge' | 'phone'): Promise<NetworkMessage> {
    const { memory, session } = this.#account;
    const sentAt = new Date().toISOString();
    const sent: NetworkMessage = {
      wireId: message.wireId,
      chat: knownAddress(memory, message.chatId) ?? addressOf(message.chatId),
      sender: this.#account.self,
      fromMe: true,
      sentAt,
      text: message.text,
      mentions: message.mentions.map((each) => addressOf(each)),
      quotedWireId: message.quotedWireId,
      media: message.media,
    };
    await this.#account.record({ t: 'out', via, message: sent, at: sentAt });
    const outgoing = memory.outgoing.get(message.wireId);
    if (!outgoing) throw new Error(`the simulated network of ${session} lost a message`);
    if (via === 'phone') return sent;
    if (this.#account.strike('ownMessageEchoed')) await this.#account.tell({ kind: 'message', message: sent });
    void this.#acknowledge(outgoing);
    return sent;
  }

  #refusal(message: NetworkSend): SendAnswer | null {
    const { memory } = this.#account;
    if (this.#account.strike('sendDeferred')) return { taken: false, why: 'busy', retryAfterMs: 200 };
    if (this.#account.strike('sendRefused')) return { taken: false, why: 'refused' };
    if (knownAddress(memory, message.chatId) === null) return { taken: false, why: 'chat_unknown' };
    if (message.quotedWireId && !memory.known.has(message.quotedWireId)) return { taken: false, why: 'quoted_unknown' };
    return null;
  }

  async #answer(answer: SendAnswer): Promise<SendAnswer> {
    await this.#account.pause(this.#account.delay('answer'));
    return answer;
  }

  async #underWay(wireId: WireId, run: () => Promise<void>): Promise<void> {
    this.#pending.set(wireId, (this.#pending.get(wireId) ?? 0) + 1);
    try {
      await run();
    } finally {
      const left = (this.#pending.get(wireId) ?? 1) - 1;
      if (left > 0) this.#pending.set(wireId, left);
      else this.#pending.delete(wireId);
    }
  }

  /** Server, delivered, read: each some time after the one before, as far as it has not come already. */
  async #acknowledge(outgoing: Outgoing): Promise<void> {
    const { wireId, chat } = outgoing.message;
    if (outgoing.silent || outgoing.level === 'read' || this.#acknowledging.has(wireId)) return;
    this.#acknowledging.add(wireId);
    try {
      const fails = outgoing.level === null && this.#account.strike('sendFailsLater') !== null;
      const lost = this.#account.strike('ackLost');
      for (const level of CHAIN) {
        if (rank(level) <= rank(outgoing.level)) continue;
        if (lost && rank(level) >= rank(lost.fromLevel ?? 'server')) {
          await this.#account.record({ t: 'silent', wireId });
          return;
        }
        await this.#account.pause(this.#account.delay(level));
        const at = new Date().toISOString();
        if (fails) {
          await this.#account.tell({
            kind: 'send_failed',
            wireId,
            chat,
            reason: 'the simulated server dropped it',
            at,
          });
          return;
        }
        await this.#account.tell({ kind: 'ack', wireId, chat, level, at });
        if (this.#account.strike('ackDuplicated')) await this.#account.tell({ kind: 'ack', wireId, chat, level, at });
      }
    } catch {
      // The network ended meanwhile; the acknowledgements go on when it is opened again.
    } finally {
      this.#acknowledging.delete(wireId);
    }
  }
}
