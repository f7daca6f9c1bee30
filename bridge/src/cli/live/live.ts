/** What the live checks have in common: the session under test, what they learn from each other, and how they send. */
import { randomInt, randomUUID } from 'node:crypto';
import { CLIENT_WAIT_MS } from '../../contract/defaults.ts';
import type { OutboxId, SessionName } from '../../contract/ids.ts';
import { getOutboxMessage } from '../../contract/operations/outbox/get.ts';
import { getSession } from '../../contract/operations/session/get.ts';
import type { OutboxMessage } from '../../contract/views/outbox-message.ts';
import type { SessionView } from '../../contract/views/session.ts';
import type { BridgeClient } from '../client.ts';
import type { EventWatch, WatchedEvent } from './event-watch.ts';
import { failed, type Outcome } from './report.ts';

export interface LiveOptions {
  readonly session: SessionName;
  /** Whether a person is there to write from another phone. */
  readonly inbound: boolean;
  /** Whether the session may be stopped and started. */
  readonly restart: boolean;
  /** How long to wait for what a person is asked to do, in milliseconds. */
  readonly personMs: number;
}

export interface LiveCheck {
  readonly name: string;
  /** Checks without which this one makes no sense. */
  readonly needs?: readonly string[];
  run(live: Live): Promise<Outcome>;
}

/** What one check leaves for another. */
interface Memory {
  session?: SessionView;
  first?: OutboxMessage;
  /** Files that went out, by the name of the check that sent them. */
  readonly files: Map<string, { readonly sha256: string; readonly uploadedAs: string; readonly event: WatchedEvent }>;
  /** The message that the person wrote. */
  inbound?: WatchedEvent;
  /** Written while the session was stopped. */
  meanwhile?: { readonly held: OutboxMessage; readonly code: string | null };
}

/** WhatsApp takes a message within seconds; a session that is busy, later. */
const TAKEN_MS = 60_000;
const TELL_EVERY_MS = 15_000;
const UNDER_WAY = ['queued', 'sending'];

export class Live {
  readonly client: BridgeClient;
  readonly options: LiveOptions;
  readonly watch: EventWatch;
  /** Says something to the person in front of the terminal. */
  readonly tell: (text: string) => void;
  readonly memory: Memory = { files: new Map() };
  /** Names that came up; they are masked in the report. */
  readonly names = new Set<string>();

  constructor(client: BridgeClient, options: LiveOptions, watch: EventWatch, tell: (text: string) => void) {
    this.client = client;
    this.options = options;
    this.watch = watch;
    this.tell = tell;
  }

  path(rest: string): string {
    return `/v1/sessions/${encodeURIComponent(this.options.session)}${rest}`;
  }

  session(): Promise<SessionView> {
    return this.client.perform(getSession, { name: this.options.session });
  }

  /** The chat of the account with itself. */
  get ownChat(): string {
    const chatId = this.memory.session?.self?.chatId;
    if (chatId === undefined) throw new Error('the bridge does not know which account this is');
    return chatId;
  }

  /** Hands a message to the outbox. */
  post(message: object): Promise<OutboxMessage> {
    return this.client.request<OutboxMessage>('POST', '/v1/messages', {
      headers: { 'idempotency-key': randomUUID() },
      body: { session: this.options.session, ...message },
    });
  }

  /** The message once it is neither queued nor under way, or as it is when the time is over. */
  async settled({ id }: OutboxMessage, timeoutMs = TAKEN_MS): Promise<OutboxMessage> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const waitMs = Math.max(0, Math.min(CLIENT_WAIT_MS, end - Date.now()));
      const now = await this.client.perform(getOutboxMessage, { id: id as OutboxId, waitMs });
      if (!UNDER_WAY.includes(now.state) || Date.now() >= end) return now;
    }
  }

  /** Sends, and waits until WhatsApp has taken it. */
  async send(message: object): Promise<OutboxMessage> {
    return this.settled(await this.post(message));
  }

  /** A word that nobody else writes by chance: other people's messages are none of a check's business. */
  newCode(): string {
    return String(randomInt(1000, 10_000));
  }

  /** Waits for what a person is asked to do, and counts down. */
  async untilPerson(matches: (event: WatchedEvent) => boolean): Promise<WatchedEvent | null> {
    let told = this.options.personMs;
    const event = await this.watch.until(matches, this.options.personMs, (left) => {
      if (told - left < TELL_EVERY_MS) return;
      told = left;
      this.tell(`   ${Math.round(left / 1000)} s left ...`);
    });
    for (const name of [event?.chat?.name, event?.sender?.name]) if (name !== undefined) this.names.add(name);
    return event;
  }
}

/** Whether a message was written by a person who was told this code. */
export const says =
  (code: string) =>
  ({ type, data }: WatchedEvent): boolean =>
    (type === 'message.received' || (type === 'message.sent' && data?.outboxId === undefined)) &&
    new RegExp(`\\b${code}\\b`).test(data?.text ?? '');

export const isTaken = ({ state }: OutboxMessage): boolean => ['accepted', 'delivered', 'read'].includes(state);

/** For a message that was not taken. */
export function notTaken({ state, error }: OutboxMessage): Outcome {
  if (error !== null) return failed(`${state}: ${error.message} (${error.code})`, 'Do what the message says.');
  return failed(
    `it is still ${state}`,
    'Check the session with `wabridge session show`, and the message with `wabridge outbox list`.',
  );
}
