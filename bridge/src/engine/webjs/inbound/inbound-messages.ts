/** Turns what the page tells about messages into facts, with full addresses, each message of this account once per run. */
import type { Address } from '../../../contract/address.ts';
import type { ChatId, MessageId } from '../../../contract/ids.ts';
import type { Clock } from '../../../ops/clock.ts';
import type { Log } from '../../../ops/logger.ts';
import type { AddressBook } from './address-book.ts';
import type { Deadlines } from '../deadlines.ts';
import { acknowledged } from './events/message/acknowledged.ts';
import { failed } from './events/message/failed.ts';
import { received } from './events/message/received.ts';
import { sent } from './events/message/sent.ts';
import type { FactReporter, MakeFact } from './fact-reporter.ts';
import {
  ackLevelOf,
  barest,
  idsOf,
  isMessage,
  isUndecrypted,
  type MessageIds,
  toEngineMessage,
} from './message-mapper.ts';
import type { OwnMessage } from './own-message.ts';
import type { RawMessage } from './raw-message.ts';
import type { ReportedLibraryEvent } from './reported-events.ts';
import { describe } from '../page/page-reason.ts';
import type { ReceiptOf, Receipts } from './receipts.ts';
import type { Undecrypted } from './undecrypted.ts';

export interface InboundMessagesDependencies {
  readonly facts: FactReporter;
  readonly addresses: AddressBook;
  /** The linked account, and since when (seconds). */
  readonly account: () => { readonly self: Address | null; readonly linkedAt: number };
  readonly undecrypted: Pick<Undecrypted, 'came' | 'settle'>;
  readonly receipts: Pick<Receipts, 'sent' | 'recorded' | 'isNews'>;
  readonly deadlines: Pick<Deadlines, 'decryption'>;
  /** Ends with the session. */
  readonly stopped: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

type Report = (chat: ChatId, seconds: number | null, make: MakeFact, recorded?: () => void) => void;

/** The place of a message that cannot be read yet. */
interface Place {
  readonly give: (make: MakeFact | null) => void;
  readonly given: Promise<MakeFact | null>;
  /** A catch-up found the message as well: its place is among what was missed, before what waits in its chat. */
  isMissed: boolean;
}

const REMEMBERED = 10_000;
/** How far ahead of this machine's clock what happened may be: phones may be set wrong. */
const MAX_AHEAD_MS = 24 * 3_600_000;

export class InboundMessages {
  readonly #deps: InboundMessagesDependencies;
  /** A message of this account is reported when the server has it: with the message, or with its acknowledgement. */
  readonly #reportedOwn = new Set<MessageId>();
  /** Reported once they were decrypted: the library may tell of them, too. */
  readonly #reportedLate = new Set<MessageId>();
  /** Reported by a catch-up: they may have been announced as well, and wait behind it. */
  readonly #reportedMissed = new Set<MessageId>();
  /** Messages that are waited for in their place among the events of their chat. */
  readonly #places = new Map<MessageId, Place>();
  readonly #live: Report;
  readonly #missed: Report;

  constructor(deps: InboundMessagesDependencies) {
    this.#deps = deps;
    this.#live = (...fact) => deps.facts.report(...fact);
    this.#missed = (...fact) => deps.facts.reportMissed(...fact);
  }

  /** A message that was just announced. */
  message(raw: RawMessage): void {
    this.#guarded(() => this.#reportMessage(raw, this.#live));
  }

  /** A message was just announced that cannot be read yet: its place is kept for a moment. */
  undecrypted(raw: RawMessage): void {
    this.#guarded(() => {
      // What stays unreadable for good is a message as it is.
      if (!isUndecrypted(raw)) return this.#reportMessage(raw, this.#live);
      const { messageId, chat } = idsOf(raw, this.#selfIds());
      this.#deps.undecrypted.came(messageId, raw.t);
      if (!this.#places.has(messageId)) this.#keepPlace(messageId, chat, raw);
    });
  }

  /** A message that could not be read was found decrypted in the page. */
  decrypted(raw: RawMessage): void {
    this.#guarded(() => {
      const { messageId } = idsOf(raw, this.#selfIds());
      if (raw.type === 'revoked') return this.#deps.undecrypted.settle(messageId);
      // Before what waits in its chat, if anything does.
      this.#reportMessage(raw, this.#missed);
      if (!raw.id.fromMe) remember(this.#reportedLate, messageId);
    });
  }

  /** A message found while catching up. */
  missed(raw: RawMessage): void {
    this.#guarded(() => {
      this.#reportMessage(raw, this.#missed);
      if (raw.id.fromMe && raw.ack !== undefined) this.#reportAck(raw, raw.ack, this.#missed);
    });
  }

  /** A message of this account was acknowledged. */
  acknowledged(raw: RawMessage, level: number): void {
    this.#guarded(() => {
      this.#reportMessage({ ...raw, ack: level }, this.#live);
      this.#reportAck(raw, level, this.#live);
    });
  }

  /** A message of this account was found to have come further than was reported; its own id is the one that was reported. */
  receipt(message: ReceiptOf, level: number): void {
    const { messageId } = message;
    // It may be reported in another way while it waits.
    const report: Report = (chat, seconds, make, recorded) =>
      this.#live(chat, seconds, async () => (this.#deps.receipts.isNews(messageId, level) ? make() : null), recorded);
    this.#reportLevel(message, level, report);
  }

  /** Something else happened that the library tells. What is older than the link came with the history. */
  happened(event: ReportedLibraryEvent, told: unknown): void {
    this.#guarded(() => {
      const happened = event.read(told, this.#selfIds());
      if (happened === null || happened.at.getTime() < this.#deps.account().linkedAt * 1000) return;
      // The time may be that of somebody else's phone, and one that is not a date could not be recorded, ever.
      if (!(happened.at.getTime() < this.#deps.clock.now() + MAX_AHEAD_MS))
        throw new Error('WhatsApp Web gave an impossible time');
      this.#live(happened.chat, null, async () => {
        const find = await this.#finder([happened.chat, ...happened.people]);
        return happened.fact(find);
      });
    });
  }

  /** One message that cannot be read must not keep all others from being reported. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#deps.log.error({ reason: describe(error) }, 'a message from WhatsApp Web could not be read and is skipped');
    }
  }

  #reportMessage(whole: RawMessage, report: Report): void {
    if (!isMessage(whole) && !isUndecrypted(whole)) return;
    const { raw, ids } = this.#identify(whole);
    if (isUndecrypted(raw)) {
      this.#deps.undecrypted.came(ids.messageId, raw.t);
      if (report === this.#missed) this.#moveUp(ids, raw);
      return;
    }
    this.#deps.undecrypted.settle(ids.messageId);
    if (this.#reportedLate.has(ids.messageId)) return;
    const place = this.#places.get(ids.messageId);
    if (raw.id.fromMe && !this.#isNewOwn(raw, ids.messageId)) return;
    if (report === this.#missed) remember(this.#reportedMissed, ids.messageId);
    if (place) place.give(this.#factOf(raw, ids));
    // Only what others write carries the server's time; this machine's clock must not move the mark.
    else report(ids.chat, raw.id.fromMe ? null : raw.t, this.#once(report, ids.messageId, this.#factOf(raw, ids)));
  }

  /** What was announced while a catch-up found it as well is reported once. */
  #once(report: Report, messageId: MessageId, make: MakeFact): MakeFact {
    return report === this.#missed ? make : async () => (this.#reportedMissed.delete(messageId) ? null : make());
  }

  #factOf(raw: RawMessage, ids: MessageIds): MakeFact {
    return async () => {
      const find = await this.#finder([ids.chat, ids.sender, ...ids.mentions]);
      return (raw.id.fromMe ? sent : received).fact(toEngineMessage(raw, ids, find));
    };
  }

  /** Looks up the addresses of these ids. */
  async #finder(ids: readonly ChatId[]): Promise<(id: ChatId) => Address> {
    const people = [...new Set(ids)];
    const addresses = new Map(await Promise.all(people.map(async (id) => [id, await this.#addressOf(id)] as const)));
    return (id) => addresses.get(id) as Address;
  }

  /** @throws Error for a message without id, chat or time, of which nothing could be reported */
  #identify(whole: RawMessage): { readonly raw: RawMessage; readonly ids: MessageIds } {
    try {
      return { raw: whole, ids: idsOf(whole, this.#selfIds()) };
    } catch (error) {
      this.#deps.log.warn(
        { reason: describe(error) },
        'a message has an unexpected form and is reported as unsupported',
      );
      const raw = barest(whole);
      return { raw, ids: idsOf(raw, this.#selfIds()) };
    }
  }

  #keepPlace(messageId: MessageId, chat: ChatId, raw: RawMessage): void {
    const { clock, deadlines, stopped } = this.#deps;
    let give: Place['give'] = () => undefined;
    const given = new Promise<MakeFact | null>((resolve) => (give = resolve));
    const place: Place = { give, given, isMissed: false };
    this.#places.set(messageId, place);
    void given.then(() => this.#places.delete(messageId));
    const giveUp = (): void => give(null);
    clock.sleep(deadlines.decryption, stopped).then(giveUp, giveUp);
    this.#live(chat, raw.id.fromMe ? null : raw.t, async () => (place.isMissed ? null : ((await given)?.() ?? null)));
  }

  /** What a catch-up reads after a message that is waited for comes after its place, too. */
  #moveUp({ messageId, chat }: MessageIds, raw: RawMessage): void {
    const place = this.#places.get(messageId);
    if (!place || place.isMissed) return;
    place.isMissed = true;
    this.#missed(chat, raw.id.fromMe ? null : raw.t, async () => (await place.given)?.() ?? null);
  }

  #isNewOwn(raw: RawMessage, messageId: MessageId): boolean {
    if ((raw.ack ?? 0) < 1 || raw.t < this.#deps.account().linkedAt || this.#reportedOwn.has(messageId)) return false;
    remember(this.#reportedOwn, messageId);
    this.#deps.receipts.sent(messageId, raw.t);
    return true;
  }

  #reportAck(raw: RawMessage, level: number, report: Report): void {
    const { messageId, chat } = this.#identify(raw).ids;
    this.#reportLevel({ messageId, chat, type: raw.type }, level, report);
  }

  #reportLevel({ messageId, chat, type }: ReceiptOf, level: number, report: Report): void {
    const recorded = (): void => this.#deps.receipts.recorded(messageId, level, type);
    const at = new Date(this.#deps.clock.now());
    const ack = ackLevelOf(level);
    const { self } = this.#deps.account();
    const own = async (): Promise<OwnMessage> => ({
      messageId,
      at,
      chat: await this.#deps.addresses.find(chat),
      author: self,
    });
    if (ack) report(chat, null, async () => acknowledged.fact(await own(), ack), recorded);
    if (level < 0) report(chat, null, async () => failed.fact(await own()), recorded);
  }

  async #addressOf(id: ChatId): Promise<Address> {
    const { self } = this.#deps.account();
    return self !== null && this.#selfIds().includes(id) ? self : this.#deps.addresses.find(id);
  }

  #selfIds(): string[] {
    const { self } = this.#deps.account();
    return [self?.chatId, self?.lid].filter((id): id is string => id !== undefined);
  }
}

function remember(known: Set<MessageId>, messageId: MessageId): void {
  known.add(messageId);
  if (known.size > REMEMBERED) known.delete(known.values().next().value as MessageId);
}
