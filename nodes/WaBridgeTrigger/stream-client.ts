/**
 * Holds one subscription open: dials, and dials again for ever with backoff and jitter. It tells why a connection is
 * refused (the global WebSocket does not, so a signed `GET /v1/whoami` is asked) and notices events that are missing.
 */
import { ERROR_CODES, MAX_AGE_MS, type BridgeEvent, type BridgeReset, type Filter } from '../shared/contract.generated';
import { pause } from '../shared/pause';
import { LaneGaps } from './lane-gaps';
import type { Notices } from './notices';
import { inWords, type Outage } from './outage';
import { isBusy, isFinal, isSuperseded, pauseBeforeReconnect, type End } from './reconnect';
import { dialWithHeaders, StreamConnection, type ConnectionHandlers, type Dial } from './stream-connection';

/** A connection that held this long was a success: the next failure starts the backoff anew. */
const STABLE_MS = 10_000;

/** Why the bridge does not let this trigger in. */
export interface Refusal {
  readonly reason: string;
  /** False where only a person can help: the credential, its rights, or the settings of the node. */
  readonly isTemporary: boolean;
  /** False where nothing answered: too common (a restart) to be shown to the builder of the workflow. */
  readonly answered: boolean;
}

export interface StreamClientOptions {
  readonly subscription: string;
  readonly durable: boolean;
  readonly filter: Filter;
  readonly window: number;
  /** Address and freshly signed headers of an upgrade request. */
  readonly sign: () => Promise<{ readonly url: string; readonly headers: Record<string, string> }>;
  /** Asks the bridge why it refuses. Never rejects. */
  readonly fetchRefusal: () => Promise<Refusal>;
  readonly onEvent: (frame: BridgeEvent) => void;
  readonly notices: Notices;
  /** Events that wait at the first subscribe and were older than this when the client was started are skipped, in ms. */
  readonly maxBacklogAgeMs?: number | null;
  /** Is told when the connection is lost and when it is there again. */
  readonly outage?: Pick<Outage, 'down' | 'up' | 'stop'>;
  /** Is called each time the bridge has taken the subscription. */
  readonly onSubscribed?: () => void;
  readonly dial?: Dial;
  readonly random?: () => number;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export class StreamClient {
  readonly #options: StreamClientOptions;
  readonly #stopping = new AbortController();
  readonly #gaps = new LaneGaps();
  readonly #firstOutcome: Promise<Refusal | null>;
  #firstSettled = false;
  #settleFirst: (outcome: Refusal | null) => void = () => {};
  #connection: StreamConnection | null = null;
  #finished: Promise<void> = Promise.resolve();
  /** Where an ephemeral subscription goes on; a durable one is continued by the bridge. */
  #resumeAt: string | null = null;
  #failures = 0;
  /** Once superseded, this trigger asks whether the subscription is free again, and takes it from nobody. */
  #yields = false;
  #subscribedAt = 0;
  /** When it was started, as long as it was never subscribed: later a loss of the connection skips nothing. */
  #backlogSince: { readonly at: number; readonly awake: number } | null = null;

  constructor(options: StreamClientOptions) {
    this.#options = options;
    this.#firstOutcome = new Promise((resolve) => (this.#settleFirst = resolve));
  }

  /** Begins, and goes on until `stop`. Resolves with how the first attempt went: null is subscribed. */
  async start(): Promise<Refusal | null> {
    this.#backlogSince = { at: Date.now(), awake: performance.now() };
    this.#finished = this.#run();
    return await this.#firstOutcome;
  }

  /** Ends at once, whatever it waits for. Frames that were sent before still leave. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#options.outage?.stop();
    this.#connection?.leave();
    await this.#finished;
  }

  /**
   * Without a connection nothing is sent, and nothing is lost: the bridge delivers again after the next subscribe and
   * is answered then.
   */
  acknowledge(cursor: string, attempt: number): void {
    this.#connection?.send({ type: 'ack', subscription: this.#options.subscription, cursors: [cursor], attempt });
  }

  refuse(cursor: string, attempt: number, reason: string, retryAfterMs: number): void {
    const { subscription } = this.#options;
    this.#connection?.send({
      type: 'nack',
      subscription,
      cursors: [cursor],
      attempt,
      retryAfterMs,
      reason: reason.slice(0, 500),
    });
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const wait = this.#options.wait ?? pause;
    while (!signal.aborted) {
      const end = await this.#connectOnce();
      if (signal.aborted) break;
      await this.#report(end);
      await wait(pauseBeforeReconnect(end, this.#failures, (this.#options.random ?? Math.random)()), signal);
    }
    this.#settleFirst(null);
  }

  async #connectOnce(): Promise<End> {
    const { subscription, durable, filter, window } = this.#options;
    this.#subscribedAt = 0;
    try {
      const { url, headers } = await this.#options.sign();
      if (this.#stopping.signal.aborted) return { kind: 'left' };
      const connection = new StreamConnection(
        (this.#options.dial ?? dialWithHeaders)(url, headers),
        {
          type: 'subscribe',
          subscription,
          durable,
          filter,
          from: durable ? 'resume' : (this.#resumeAt ?? 'latest'),
          window,
          ...this.#backlogLimit(),
          ...(this.#yields ? { takeover: false } : {}),
        },
        this.#handlers(),
      );
      this.#connection = connection;
      connection.start();
      return await connection.ended;
    } catch (error) {
      // The credential cannot be read or the address is none; either can be put right while this goes on.
      return {
        kind: 'rejected',
        code: 'WAB_CREDENTIAL',
        message: error instanceof Error ? error.message : String(error),
      };
    } finally {
      this.#connection = null;
    }
  }

  /** The limit moves on while the bridge is away: what arrived since the start was never too old. */
  #backlogLimit(): { maxAgeMs?: number } {
    const { maxBacklogAgeMs = null } = this.#options;
    if (maxBacklogAgeMs === null || this.#backlogSince === null) return {};
    const { at, awake } = this.#backlogSince;
    // By the time of day, since time in which this machine slept counts too; never less than was spent awake, as the clock may
    // be set back, and never more than the bridge accepts, as it may be set far ahead.
    const age = Math.ceil(maxBacklogAgeMs + Math.max(performance.now() - awake, Date.now() - at));
    return { maxAgeMs: Math.min(age, MAX_AGE_MS) };
  }

  #handlers(): ConnectionHandlers {
    const { notices, subscription } = this.#options;
    return {
      subscribed: ({ cursor, resumed, skipped = 0 }) => {
        this.#backlogSince = null;
        this.#subscribedAt = performance.now();
        this.#firstSettled = true;
        this.#yields = false;
        this.#resumeAt ??= cursor;
        notices.info(`subscribed as ${subscription}; ${resumed} event${resumed === 1 ? '' : 's'} waiting.`);
        if (skipped > 0) notices.warn(describeSkipped(skipped, this.#options.maxBacklogAgeMs ?? 0));
        notices.allClear();
        this.#options.outage?.up(resumed);
        this.#settleFirst(null);
        this.#options.onSubscribed?.();
      },
      event: (frame) => {
        const verdict = this.#gaps.check(frame);
        if (verdict === 'gap') {
          notices.warn(
            `the event before ${frame.event.id} (position ${frame.previous ?? 'none'}) is missing. Reconnecting to request it.`,
          );
          return false;
        }
        if (verdict === 'lost') {
          notices.show(
            `the bridge does not deliver the event before ${frame.event.id} (position ${frame.previous ?? 'none'}). Continuing without it.`,
          );
        }
        this.#options.onEvent(frame);
        return true;
      },
      reset: (frame) => {
        this.#gaps.clear();
        // Published again after a long pause, it would skip them in any case.
        if (frame.reason === 'paused' && (this.#options.maxBacklogAgeMs ?? null) !== null) {
          notices.warn(describeReset(frame));
        } else notices.show(describeReset(frame));
      },
      error: ({ code, message }) => {
        if (notices.isNews(code)) notices.show(`the bridge refused a frame: ${message} (${code})`);
      },
      position: (cursor) => {
        if (!this.#options.durable) this.#resumeAt = cursor;
      },
    };
  }

  /** Counts, and says what a person should know, once per distinct reason. */
  async #report(end: End): Promise<void> {
    if (end.kind === 'gap' || (isBusy(end) && this.#yields)) return;
    const wasStable = this.#subscribedAt > 0 && performance.now() - this.#subscribedAt >= STABLE_MS;
    this.#failures = wasStable || (end.kind === 'closed' && end.bye?.reason === 'restart') ? 1 : this.#failures + 1;
    if (isSuperseded(end)) {
      this.#yields = true;
      // The other reader has had events in the meantime.
      this.#gaps.clear();
      this.#tell('superseded', describeSuperseded(this.#options.subscription), true);
      return;
    }
    if (this.#subscribedAt > 0) {
      const text = describeEnd(end);
      this.#tell(text, text, isFinal(end));
      return;
    }
    const refusal: Refusal =
      end.kind === 'rejected'
        ? { reason: `${end.message} (${end.code})`, isTemporary: isRetryable(end.code), answered: true }
        : await this.#options.fetchRefusal();
    const isFirst = !this.#firstSettled;
    this.#firstSettled = true;
    this.#settleFirst(refusal);
    // A first refusal that does not heal is thrown by the trigger and thereby shown.
    if (isFirst && !refusal.isTemporary) return;
    const text = `not connected: ${refusal.reason} Retrying until it works.`;
    this.#tell(refusal.reason, text, refusal.answered);
  }

  /** Says why there is no connection, once per reason. @param shown whether the builder of the workflow must know at once */
  #tell(reason: string, text: string, shown: boolean): void {
    const { notices, outage } = this.#options;
    if (notices.isNews(reason)) {
      if (shown) notices.show(text);
      else notices.warn(text);
    }
    if (!this.#stopping.signal.aborted) outage?.down(reason === 'superseded' ? text : reason, shown);
  }
}

const isRetryable = (code: string): boolean =>
  (ERROR_CODES as Record<string, { retryable: boolean } | undefined>)[code]?.retryable ?? false;

function describeSkipped(skipped: number, maxAgeMs: number): string {
  const [events, were] = skipped === 1 ? ['event', 'was'] : ['events', 'were'];
  const limit = maxAgeMs === 0 ? 'happened before' : `${were} older than ${inWords(maxAgeMs)}`;
  return `skipped ${skipped} ${events} that ${limit} when this workflow was published again (option "When Published Again").`;
}

const WHY_RESET = {
  expired: 'events were removed by retention before this workflow received them',
  epoch: 'the bridge has a different log than before (a restored backup, or a new data folder)',
  future: "the position is ahead of the bridge's log (a restored backup)",
  paused: 'nothing was read for this workflow for so long that the bridge stopped collecting events for it',
} as const;

function describeReset({ reason, lost }: BridgeReset): string {
  const loss =
    lost === 0 ? 'No event is known to be lost.' : `Up to ${lost} event${lost === 1 ? '' : 's'} will not be delivered.`;
  return `the bridge could not continue where this workflow stopped: ${WHY_RESET[reason]}. ${loss} It continues with the events that it has.`;
}

const describeSuperseded = (subscription: string): string =>
  `another connection took over the subscription ${subscription}, so this one receives no events now. ` +
  'Usually that is a copy of this n8n (same encryption key and database, for example a staging server) with the same workflow published. ' +
  'Unpublish the workflow in one of the two, or give the copy its own encryption key. This one checks about every minute whether the subscription is free again.';

function describeEnd(end: End): string {
  switch (end.kind) {
    case 'silent':
      return 'the bridge was silent for longer than two heartbeats. Reconnecting.';
    case 'closed':
      if (end.bye?.reason === 'restart' || end.code === 4000)
        return 'the bridge is restarting. Reconnecting once it is back.';
      if (end.code === 4001 || end.bye?.reason === 'key_revoked') {
        return 'the key of the credential was revoked or has expired, and the bridge closed the stream. Issue a new key with `wabridge key issue` and put it into the credential.';
      }
      if (end.code === 4005 || end.bye?.reason === 'subscription_deleted') {
        return 'an operator deleted the subscription of this workflow. The trigger subscribes again in a minute and receives events from then on; unpublish the workflow if you do not want that.';
      }
      if (end.code === 4003 || end.bye?.reason === 'protocol_error') {
        return 'the bridge did not understand this trigger (protocol error). Update the bridge and the n8n-nodes-wabridge package to compatible versions.';
      }
      if (end.code === 4004 || end.bye?.reason === 'slow')
        return 'the bridge dropped the connection because this n8n answered too slowly. Reconnecting.';
      return `the connection to the bridge was closed (code ${end.code}). Reconnecting.`;
    case 'refused':
    case 'rejected':
    case 'gap':
    case 'left':
      return 'the connection to the bridge ended. Reconnecting.';
  }
}
