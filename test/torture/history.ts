/**
 * What was seen in a run of `npm run torture`, in the order in which it was seen. Written by the process that runs the
 * test, which is none of those that it kills: one JSON object a line.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** A client is about to ask for a message to be sent. Asking again, with the same idempotency key, is an entry of its own. */
export interface Asked {
  readonly kind: 'asked';
  readonly send: number;
  readonly chat: string;
  /** Unlike that of any other. */
  readonly text: string;
  /** Of its file, in hex; null for a text. */
  readonly sha256: string | null;
  /** Under the key of another message that was accepted, so that it has to be refused. */
  readonly reusesKey: boolean;
}

/** How a question ended: accepted under an outbox id, refused, or not known (no answer, or none that says so). */
export interface Answered {
  readonly kind: 'answered';
  readonly send: number;
  readonly outcome: 'accepted' | 'refused' | 'unknown';
  /** The outbox id, if it was accepted. */
  readonly id?: string;
  readonly reason?: string;
}

/** The far end has a message for the account, durably; the bridge may not have it yet. */
export interface Said {
  readonly kind: 'said';
  readonly chat: string;
  readonly messageId: string;
}

/** A reader of the event stream with a durable subscription from the beginning of the log. */
export interface Subscribed {
  readonly kind: 'subscribed';
  readonly reader: string;
  /** Null for all. */
  readonly types: readonly string[] | null;
}

/** A reader got an event. */
export interface Delivered {
  readonly kind: 'delivered';
  readonly reader: string;
  /** Counts the reader's connections. */
  readonly connection: number;
  readonly event: string;
  readonly seq: number;
  /** In which order is kept: the session's, or a chat of it. */
  readonly lane: string;
  readonly attempt: number;
}

/** A reader sent its answer to an event. Whether the bridge got it is not known. */
export interface Read<Kind extends 'acked' | 'refused' = 'acked' | 'refused'> {
  readonly kind: Kind;
  readonly reader: string;
  readonly connection: number;
  readonly event: string;
}

/** The bridge told a reader that events can no longer be delivered. */
export interface Reset {
  readonly kind: 'reset';
  readonly reader: string;
  readonly reason: string;
}

/** Something is about to be done to a process, and what was under way at that moment. */
export interface Faulted {
  readonly kind: 'fault';
  readonly fault: string;
  /** Since the run began. */
  readonly atMs: number;
  /** Sends that were asked for and not answered. */
  readonly unanswered: number;
  /** Sends that were accepted and had not arrived. */
  readonly onTheWay: number;
  /** Events that readers had and had not answered. */
  readonly unread: number;
}

/** The bridge ended, or did not start, although nobody had killed it. */
export interface Ended<Kind extends 'ended' | 'not started'> {
  readonly kind: Kind;
  readonly output: string;
}

/** At the end: a message on the phone of another, in the order in which they came. */
export interface Arrived {
  readonly kind: 'arrived';
  readonly chat: string;
  readonly text: string;
  readonly messageId: string;
  /** How often it was sent under this id. */
  readonly transmissions: number;
  readonly sha256: string | null;
}

/** At the end: the state of a message that was accepted. */
export interface Settled {
  readonly kind: 'settled';
  readonly id: string;
  readonly state: string;
}

/** At the end: an event of the log, in the log's order. */
export interface Logged {
  readonly kind: 'logged';
  readonly event: string;
  readonly seq: number;
  readonly lane: string;
  readonly type: string;
  readonly messageId?: string;
  readonly outboxId?: string;
}

/** At the end: everything came to rest in time, so that what is missing is missing for good; or why it did not. */
export interface Finished<Kind extends 'finished' | 'unfinished'> {
  readonly kind: Kind;
  readonly reason?: string;
}

export type Entry =
  | Asked
  | Answered
  | Said
  | Subscribed
  | Delivered
  | Read<'acked'>
  | Read<'refused'>
  | Reset
  | Faulted
  | Ended<'ended'>
  | Ended<'not started'>
  | Arrived
  | Settled
  | Logged
  | Finished<'finished'>
  | Finished<'unfinished'>;
export type EntryOf<Kind extends Entry['kind']> = Extract<Entry, { readonly kind: Kind }>;

/** The entries of some kinds, in their order. */
export const entriesOf = <Kind extends Entry['kind']>(history: readonly Entry[], ...kinds: Kind[]): EntryOf<Kind>[] =>
  history.filter((entry): entry is EntryOf<Kind> => (kinds as string[]).includes(entry.kind));

/** Keeps a history in memory and in a file, which is whole up to the last entry whatever ends this process. */
export class History {
  readonly entries: Entry[] = [];
  readonly #file: number;

  /** @param path replaced if it is there; its folder is made */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#file = openSync(path, 'w');
  }

  add(entry: Entry): void {
    this.entries.push(entry);
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}
