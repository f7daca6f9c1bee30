/**
 * Fetches the files of incoming messages, right after their events are recorded. What is to be fetched is in the
 * database, so that it goes on after a restart; here is only what is being fetched.
 */
import { Readable } from 'node:stream';
import { WabError } from '../contract/errors.ts';
import type { MediaKind } from '../contract/kinds.ts';
import type { MediaId, SessionName, MessageId } from '../contract/ids.ts';
import { EngineError, type Engine } from '../engine/engine.ts';
import type { Clock } from '../ops/clock.ts';
import { within } from '../ops/deadline.ts';
import type { Log } from '../ops/logger.ts';
import { Pump } from '../ops/pump.ts';
import type { Waiters } from '../ops/waiters.ts';
import type { Ownership } from '../ownership/ownership.ts';
import type { SessionEngines } from '../sessions/sessions.ts';
import type { Database } from '../store/database.ts';
import {
  abandonMedia,
  makeMediaDue,
  parkMedia,
  postponeMedia,
  type MediaReads,
  type MediaRow,
} from '../store/media.repository.ts';
import type { MediaIntake } from './media-intake.ts';
import { limitFor, type MediaLimits } from './media-limits.ts';
import type { WatchedMediaStore } from './watched-media-store.ts';

export interface MediaFetcherDependencies {
  readonly database: Pick<Database, 'write'>;
  readonly reads: MediaReads;
  readonly intake: MediaIntake;
  /** Nothing is fetched while there is nowhere to keep it. */
  readonly store: Pick<WatchedMediaStore, 'trouble' | 'onRecovered'>;
  readonly changes: Waiters<MediaId>;
  readonly sessions: Pick<SessionEngines, 'readyEngine' | 'exists' | 'onReady'>;
  /** The files of another process's sessions are neither fetched, put off nor given up. */
  readonly ownership: Ownership<SessionName>;
  readonly limits: MediaLimits;
  readonly clock: Clock;
  readonly log: Log;
}

export interface FetcherOptions {
  readonly concurrency: number;
  /** Of one session, so that one that hangs leaves room for the others. */
  readonly perSession: number;
  readonly maxAttempts: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** Pause after the media store did not take a file. One that says that it can be used may refuse each file all the same. */
  readonly storePauseMs: number;
  /** Longest wait for an engine to begin. It has a deadline of its own, which knows the size. */
  readonly openMs: number;
  /** Longest silence of a download that has begun, before it is ended. */
  readonly stallMs: number;
}
export const DEFAULT_FETCHER_OPTIONS: FetcherOptions = {
  concurrency: 8,
  perSession: 2,
  maxAttempts: 10,
  baseDelayMs: 2_000,
  maxDelayMs: 600_000,
  storePauseMs: 60_000,
  openMs: 20 * 60_000,
  stallMs: 60_000,
};
/** A session that becomes ready brings its media forward; this covers a signal that was missed. */
const PARK_MS = 5 * 60_000;
/** After an error of the bridge itself (the database). */
const BACKOFF_MS = 1_000;

export class MediaFetcher {
  readonly #deps: MediaFetcherDependencies;
  readonly #options: FetcherOptions;
  readonly #inFlight = new Map<MediaId, { readonly session: SessionName; readonly done: Promise<void> }>();
  readonly #abort = new AbortController();
  #stopListening: (() => void) | null = null;
  readonly #pump = new Pump(() => this.#processOnce().catch((error: unknown) => this.#backOff(error)));
  #timer: { readonly at: number; readonly abort: AbortController } | null = null;

  constructor(deps: MediaFetcherDependencies, options: FetcherOptions = DEFAULT_FETCHER_OPTIONS) {
    this.#deps = deps;
    this.#options = options;
  }

  start(): void {
    const { database, sessions, ownership, store } = this.#deps;
    const stopWaiting = store.onRecovered(() => this.wake());
    const stopOwning = ownership.onChange(({ name, owned }) => (owned ? this.wake() : this.#ended(name)));
    const stopHearing = sessions.onReady((session) => {
      if (!ownership.owns(session)) return;
      database.write(makeMediaDue({ session })).then(
        () => this.wake(),
        (error: unknown) => this.#backOff(error),
      );
    });
    this.#stopListening = () => {
      stopOwning();
      stopHearing();
      stopWaiting();
    };
    this.wake();
  }

  /** Ends what is being fetched; it is fetched again after the next start. */
  async stop(): Promise<void> {
    this.#stopListening?.();
    this.#stopListening = null;
    this.#abort.abort();
    this.#timer?.abort.abort();
    await this.#pump.end();
    await Promise.all([...this.#inFlight.values()].map(({ done }) => done));
  }

  /** There may be something to fetch: an event was recorded. */
  wake(): void {
    if (this.#stopListening) this.#pump.wake();
  }

  async #processOnce(): Promise<void> {
    const { reads, clock, store } = this.#deps;
    if (store.trouble !== null) return;
    const now = clock.now();
    const free = this.#options.concurrency - this.#inFlight.size;
    if (free > 0) for (const row of await this.#due(now, free)) await this.#takeUp(row);
    const next = await reads.nextDue(now);
    if (next !== null) this.#wakeAt(next);
  }

  /** What may be fetched now of the sessions of this process that have room. */
  async #due(now: number, free: number): Promise<readonly MediaRow[]> {
    const { reads, ownership } = this.#deps;
    const except = { ids: [...this.#inFlight.keys()], sessions: this.#busySessions() };
    for (;;) {
      const rows = await reads.due(now, free, except);
      const foreign = rows.map(({ session }) => session as SessionName).filter((session) => !ownership.owns(session));
      if (foreign.length === 0) return rows;
      // Looked for again without them: they may be many, and hide what this process is to fetch.
      except.sessions.push(...new Set(foreign));
    }
  }

  /** Resolves when nothing of the session is being fetched any more. */
  async #ended(session: SessionName): Promise<void> {
    const own = [...this.#inFlight.values()].filter((fetching) => fetching.session === session);
    await Promise.all(own.map(({ done }) => done));
  }

  async #takeUp(row: MediaRow): Promise<void> {
    const { sessions, database, clock } = this.#deps;
    const session = row.session as SessionName;
    if (!this.#stopListening || !this.#deps.ownership.owns(session) || this.#busySessions().includes(session)) return;
    const engine = sessions.readyEngine(session);
    if (!engine) {
      this.wake();
      const now = clock.now();
      if (sessions.exists(session)) await database.write(parkMedia({ session, dueAt: now + PARK_MS, now }));
      else
        await database.write(
          abandonMedia({ session, failure: 'the session was deleted before the file was fetched', now }),
        );
      this.#deps.changes.changed(row.id as MediaId);
      return;
    }
    const id = row.id as MediaId;
    const done = this.#fetch(row, engine)
      .catch((error: unknown) => this.#backOff(error))
      .then(() => {
        this.#inFlight.delete(id);
        this.#deps.changes.changed(id);
        this.wake();
      });
    this.#inFlight.set(id, { session, done });
  }

  async #fetch(row: MediaRow, engine: Engine): Promise<void> {
    try {
      await this.#download(row, engine);
    } catch (error) {
      if (!this.#abort.signal.aborted) await this.#follow(row, error);
    }
  }

  async #download(row: MediaRow, engine: Engine): Promise<void> {
    const { intake, limits, clock } = this.#deps;
    const kind = (row.kind ?? 'document') as MediaKind;
    const ended = new AbortController();
    const stopped = new Promise<never>((_resolve, reject) => {
      this.#abort.signal.addEventListener('abort', () => reject(new Error('the bridge is shutting down')), {
        signal: ended.signal,
      });
    });
    stopped.catch(() => undefined);
    let stream: NodeJS.ReadableStream | undefined;
    let received = 0;
    try {
      const asked = engine.downloadMedia(row.wire_id as MessageId, limitFor(limits, kind));
      // One that comes after the deadline is nobody's.
      asked.then(
        (late) => late !== stream && ended.signal.aborted && end(late.on('error', () => undefined)),
        () => undefined,
      );
      stream = await Promise.race([within(asked, this.#options.openMs, 'the download', clock), stopped]);
      const body = stream;
      // What is destroyed after the reader has left would raise an error that nobody hears.
      body.on('error', () => undefined);
      stopped.catch((reason: Error) => end(body, reason));
      this.#watch(
        () => received,
        ended.signal,
        (reason) => end(body, reason),
      );
      await intake.take(row.id as MediaId, body, {
        limitBytes: limitFor(limits, kind),
        kind,
        fileName: null,
        expectedSha256: null,
        onKnown: (known) => (known?.state === 'stored' ? known : null),
        onBytes: (count) => {
          received += count;
        },
      });
    } finally {
      ended.abort();
      if (stream) end(stream);
    }
  }

  /** Ends a download that gives no bytes any more. */
  #watch(received: () => number, signal: AbortSignal, giveUp: (reason: Error) => void): void {
    const { clock } = this.#deps;
    const { stallMs } = this.#options;
    const watch = async (): Promise<void> => {
      for (let before = -1; before !== received();) {
        before = received();
        await clock.sleep(stallMs, signal);
      }
      giveUp(new Error(`no data arrived for ${stallMs} ms`));
    };
    // Rejects when the download ends first.
    watch().catch(() => undefined);
  }

  async #follow(row: MediaRow, error: unknown): Promise<void> {
    const { database, clock, log } = this.#deps;
    const { maxAttempts, baseDelayMs, maxDelayMs, storePauseMs } = this.#options;
    const byStore = error instanceof WabError && error.code === 'WAB_MEDIA_STORE_UNAVAILABLE';
    const attempts = row.attempts + (byStore || isNotReady(error) ? 0 : 1);
    const failure = error instanceof Error ? error.message : 'the download failed without giving a reason';
    const over = isFinal(error) || attempts >= maxAttempts;
    const asked = byStore ? storePauseMs : error instanceof EngineError ? (error.retryAfterMs ?? 0) : 0;
    const delay = Math.max(Math.min(maxDelayMs, baseDelayMs * 2 ** Math.min(20, attempts)), asked);
    log.info({ mediaId: row.id, attempts, over }, 'a file could not be fetched');
    await database.write(
      postponeMedia({
        id: row.id as MediaId,
        attempts,
        failure,
        dueAt: over ? null : clock.now() + delay,
        now: clock.now(),
      }),
    );
  }

  #busySessions(): SessionName[] {
    const counts = new Map<SessionName, number>();
    for (const { session } of this.#inFlight.values()) counts.set(session, (counts.get(session) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= this.#options.perSession).map(([session]) => session);
  }

  #wakeAt(at: number): void {
    if (!this.#stopListening || (this.#timer && this.#timer.at <= at)) return;
    this.#timer?.abort.abort();
    const timer = { at, abort: new AbortController() };
    this.#timer = timer;
    const { clock } = this.#deps;
    clock.sleep(Math.min(Math.max(0, at - clock.now()), PARK_MS), timer.abort.signal).then(
      () => {
        if (this.#timer === timer) this.#timer = null;
        this.wake();
      },
      () => undefined,
    );
  }

  #backOff(error: unknown): void {
    const { log, clock } = this.#deps;
    log.error({ err: error }, 'the media fetcher pauses after an error');
    this.#wakeAt(clock.now() + BACKOFF_MS);
  }
}

function end(stream: NodeJS.ReadableStream, reason?: Error): void {
  if (stream instanceof Readable) stream.destroy(reason);
}

/** Whether the session was not there, which says nothing about the file. */
const isNotReady = (error: unknown): boolean =>
  error instanceof EngineError && error.code === 'WAB_SESSION_NOT_READY' && error.outcome === 'defer';

/** WhatsApp no longer has it, or it will never fit. */
function isFinal(error: unknown): boolean {
  if (error instanceof EngineError) return error.outcome === 'fail';
  return error instanceof WabError && !error.retryable;
}
