/** The event log over the database. */
import type { Address } from '../contract/address.ts';
import { definitionOf, type EventType, type NewEvent, type WaEvent } from '../contract/events.ts';
import type { Envelope, Filter } from '../contract/filter.ts';
import type { ChatId, EventId, Seq, SessionName } from '../contract/ids.ts';
import type { ChatKind } from '../contract/address.ts';
import type { Clock } from '../ops/clock.ts';
import type { Database } from '../store/database.ts';
import {
  appendEvent,
  envelopesAfter,
  eventsAt,
  expirePayloads,
  horizonOf,
  laneBefore,
  logState,
  pruneDedupe,
  removeEvents,
  type AppendRow,
  type EnvelopeRow,
  type EventRow,
} from '../store/events.repository.ts';
import type { Call } from '../store/operation.ts';
import { envelopeOf } from './envelope.ts';
import type { Appended, EventLog, Scan } from './event-log.ts';
import { isOpen, matches } from './filter.ts';

/** Envelopes that one `scan` looks at, at most, so that a filter that fits nothing does not hold up the event loop. */
export const SCAN_ROWS = 2_000;
const FIRST_CHUNK = 128;
const LANE_CHUNK = 64;

export interface EventLogOptions {
  readonly database: Pick<Database, 'reader' | 'write'>;
  readonly clock: Pick<Clock, 'now'>;
  /** How long an event is recognised as already recorded, in milliseconds. */
  readonly dedupeMs: number;
}

export class DurableEventLog implements EventLog {
  readonly epoch: string;
  readonly #options: EventLogOptions;
  readonly #listeners = new Set<(head: Seq) => void>();
  #head: number;
  #horizon: number;
  #announcing = false;

  private constructor(options: EventLogOptions, state: { epoch: string; head: number; horizon: number }) {
    this.#options = options;
    this.epoch = state.epoch;
    this.#head = state.head;
    this.#horizon = state.horizon;
  }

  static async open(options: EventLogOptions): Promise<DurableEventLog> {
    return new DurableEventLog(options, await logState(options.database.reader));
  }

  get head(): Seq {
    return this.#head as Seq;
  }

  get horizon(): Seq {
    return this.#horizon as Seq;
  }

  async append(event: NewEvent, effects: readonly Call<unknown>[] = []): Promise<Appended> {
    const row = appendEvent(rowOf(event, this.#options.clock.now(), this.#options.dedupeMs));
    const { database } = this.#options;
    const { seq, duplicate } =
      effects.length === 0 ? await database.write(row) : (await database.write([row, ...effects]))[0];
    if (!duplicate && seq > this.#head) {
      this.#head = seq;
      this.#announce();
    }
    return { id: event.id, seq: seq as Seq, duplicate };
  }

  async scan(after: Seq, filter: Filter, limit: number): Promise<Scan> {
    const found: Envelope[] = [];
    const open = isOpen(filter);
    let position: number = after;
    let budget = SCAN_ROWS;
    let chunk = Math.max(FIRST_CHUNK, limit);
    while (found.length < limit && budget > 0) {
      const size = Math.min(budget, open ? limit - found.length : chunk);
      // Read before the rows: all that is committed up to here is in them.
      const head = this.#head;
      const rows = await envelopesAfter(this.#options.database.reader, position, size);
      for (const row of rows) {
        position = row.seq;
        const envelope = toEnvelope(row);
        if (matches(filter, envelope) && found.push(envelope) === limit) break;
      }
      if (rows.length < size) {
        if (found.length < limit) position = Math.max(position, head);
        break;
      }
      budget -= rows.length;
      chunk *= 2;
    }
    // After the rows: a caller who compares `after` with the horizon now learns of all that were removed before the reading.
    this.#horizon = Math.max(this.#horizon, await horizonOf(this.#options.database.reader));
    return { matches: found, scannedTo: position as Seq };
  }

  async read(positions: readonly Seq[]): Promise<readonly WaEvent[]> {
    const rows = await eventsAt(this.#options.database.reader, positions);
    const byPosition = new Map(rows.map((row) => [row.seq, row]));
    return positions.flatMap((seq) => {
      const row = byPosition.get(seq);
      return row ? [toEvent(row)] : [];
    });
  }

  async previousInLane(lane: string, before: Seq, filter: Filter): Promise<Seq | null> {
    for (let position: number = before; ;) {
      const rows = await laneBefore(this.#options.database.reader, lane, position, filter, LANE_CHUNK);
      const match = rows.find((row) => matches(filter, toEnvelope(row)));
      if (match) return match.seq as Seq;
      const last = rows.at(-1);
      if (!last || rows.length < LANE_CHUNK) return null;
      position = last.seq;
    }
  }

  onGrowth(listener: (head: Seq) => void): () => void {
    // A function of its own each time, so that the same listener can be registered twice.
    const entry = (head: Seq): void => listener(head);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** Removes the oldest events that were recorded before a time, at most `limit`. @returns how many */
  async removeBefore(recordedBefore: number, limit: number): Promise<number> {
    const { removed, horizon } = await this.#options.database.write(removeEvents({ recordedBefore, limit }));
    this.#horizon = Math.max(this.#horizon, horizon);
    return removed;
  }

  /** Withholds the payloads of events recorded before a time. @returns where to go on, null at the end */
  async expireBefore(recordedBefore: number, after: number, limit: number): Promise<number | null> {
    const { scannedTo } = await this.#options.database.write(expirePayloads({ recordedBefore, after, limit }));
    return scannedTo;
  }

  /** Forgets ids of removed events whose time has come. @returns how many */
  async pruneDedupe(limit: number): Promise<number> {
    const { pruned } = await this.#options.database.write(pruneDedupe({ now: this.#options.clock.now(), limit }));
    return pruned;
  }

  /** Once for all appends that one commit completed. */
  #announce(): void {
    if (this.#announcing) return;
    this.#announcing = true;
    queueMicrotask(() => {
      this.#announcing = false;
      for (const listener of this.#listeners) listener(this.#head as Seq);
    });
  }
}

function rowOf(event: NewEvent, now: number, dedupeMs: number): AppendRow {
  const envelope = envelopeOf(event);
  return {
    id: envelope.id,
    aliases: event.aliases ?? [],
    type: envelope.type,
    session: envelope.session,
    chatId: envelope.chatId,
    chatKind: envelope.chatKind,
    senderKeys: JSON.stringify(envelope.senderKeys),
    fromMe: envelope.fromMe === null ? null : Number(envelope.fromMe),
    occurredAt: envelope.occurredAt,
    recordedAt: now,
    lane: envelope.lane,
    body: JSON.stringify({ chat: event.chat, sender: event.sender, data: event.data }),
    dedupeUntil: now + dedupeMs,
  };
}

const toEnvelope = (row: EnvelopeRow): Envelope => ({
  seq: row.seq as Seq,
  id: row.id as EventId,
  type: row.type as EventType,
  session: row.session as SessionName | null,
  chatId: row.chat_id as ChatId | null,
  chatKind: row.chat_kind as ChatKind | null,
  senderKeys: JSON.parse(row.sender_keys) as string[],
  fromMe: row.from_me === null ? null : row.from_me === 1,
  occurredAt: row.occurred_at,
  lane: row.lane,
});

function toEvent(row: EventRow): WaEvent {
  const { seq, id, type, session, occurredAt, chatId, senderKeys } = toEnvelope(row);
  const envelope = { id, type, session, seq, occurredAt };
  if (row.state === 'present' && row.body !== null) {
    const { chat, sender, data } = JSON.parse(row.body) as {
      chat: Address | null;
      sender: Address | null;
      data: object;
    };
    return { ...envelope, chat, sender, data: definitionOf(type).fromStored?.(data, id) ?? data } as WaEvent;
  }
  // A tombstone: the envelope still tells where it was and from whom.
  return {
    ...envelope,
    chat: chatId === null ? null : addressOfKeys([chatId]),
    sender: addressOfKeys(senderKeys),
    data: null,
    withheld: row.state === 'erased' ? 'erased' : 'expired',
  };
}

function addressOfKeys(keys: readonly string[]): Address | null {
  const [chatId] = keys;
  if (chatId === undefined) return null;
  const phone = keys.find((key) => key.startsWith('+'));
  const lid = keys.find((key) => key.endsWith('@lid'));
  return { chatId, ...(phone === undefined ? {} : { phone }), ...(lid === undefined ? {} : { lid }) };
}
