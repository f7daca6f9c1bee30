/**
 * From a delivered event to a run of the workflow and back to an answer. At most so many runs at a time, since n8n has
 * no brake of its own; an event that is running is never started again; only what was acknowledged is acknowledged again.
 */
import type { INodeExecutionData, IRun } from 'n8n-workflow';
import type { BridgeEvent } from '../shared/contract.generated';
import { pause } from '../shared/pause';
import type { Notices } from './notices';
import type { Answer, Run, Runs } from './runs';

/** When the bridge is told that an event is done with. */
export type AcknowledgeMode = 'received' | 'finished' | 'succeeded';

const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 10 * 60_000;

export interface DeliveryOptions {
  readonly mode: AcknowledgeMode;
  readonly maxInFlight: number;
  readonly runs: Runs;
  readonly toItem: (frame: BridgeEvent) => Promise<INodeExecutionData>;
  /** Starts a run. Resolves when it is over, with `undefined` where n8n took it for a duplicate. */
  readonly emit: (item: INodeExecutionData, deduplicationKey: string) => Promise<IRun | undefined>;
  readonly deduplicationKey: (frame: BridgeEvent) => string;
  /** Whether an event is acknowledged without a run, because it came too late to be of use. Asked on its first attempt. */
  readonly isTooOld?: (frame: BridgeEvent) => boolean;
  readonly acknowledge: (cursor: string, attempt: number) => void;
  readonly refuse: (cursor: string, attempt: number, reason: string, retryAfterMs: number) => void;
  readonly notices: Notices;
}

/** Wait before a refused event comes again, by attempt. In ms. */
const retryAfterMs = (attempt: number): number =>
  Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 20));

/**
 * What the end of a run means for the bridge. A run that parks itself counts as finished: n8n keeps it from here on.
 *
 * @param run `undefined` where n8n took the event for a duplicate, which says nothing about its outcome
 */
function answerFor(mode: Exclude<AcknowledgeMode, 'received'>, run: IRun | undefined, attempt: number): Answer {
  const refuse = (reason: string): Answer => ({ kind: 'refuse', reason, retryAfterMs: retryAfterMs(attempt) });
  if (run === undefined) return refuse('n8n treated this delivery as a duplicate and started nothing');
  const { status } = run;
  if (status === 'success' || status === 'waiting') return { kind: 'acknowledge' };
  if (status === 'crashed') return refuse('the execution crashed before it finished');
  if (mode === 'finished') return { kind: 'acknowledge' };
  return refuse(`the execution ended with status ${status}`);
}

export class Deliveries {
  readonly #options: DeliveryOptions;
  readonly #queue: BridgeEvent[] = [];
  readonly #own = new Set<Promise<void>>();
  #detach: () => void = () => {};
  #ignored = 0;
  /** No run is started any more. */
  #draining = false;
  /** Nobody listens to answers any more. */
  #closed = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  start(): void {
    this.#detach = this.#options.runs.onEnd(() => this.#process());
  }

  /** Takes a delivery of the stream. */
  offer(frame: BridgeEvent): void {
    if (this.#draining) return;
    const { runs, acknowledge } = this.#options;
    if (runs.isAcknowledged(frame.event.id)) {
      acknowledge(frame.cursor, frame.attempt);
      return;
    }
    const running = runs.get(frame.event.id);
    if (running !== undefined) {
      this.#attach(frame, running);
      return;
    }
    // Only the first time: what is delivered again came in time, or its run was cut off, and is owed an answer.
    if (frame.attempt === 1 && this.#options.isTooOld?.(frame) === true) {
      this.#noteIgnored();
      acknowledge(frame.cursor, frame.attempt);
      return;
    }
    // A newer attempt takes the place of one that still waits for its turn.
    const waiting = this.#queue.findIndex(({ event }) => event.id === frame.event.id);
    if (waiting >= 0) this.#queue[waiting] = frame;
    else this.#queue.push(frame);
    this.#process();
  }

  /** Starts nothing more and waits for the runs to end, so that they are still answered, but not longer than `deadlineMs`. */
  async drain(deadlineMs: number): Promise<void> {
    this.#draining = true;
    this.#queue.length = 0;
    if (this.#own.size > 0) {
      const deadline = new AbortController();
      await Promise.race([Promise.all(this.#own), pause(deadlineMs, deadline.signal)]);
      deadline.abort();
    }
    this.#closed = true;
    this.#detach();
  }

  #process(): void {
    while (!this.#draining && this.#queue.length > 0 && this.#options.runs.size < this.#options.maxInFlight) {
      const frame = this.#queue.shift();
      if (frame !== undefined) this.#begin(frame);
    }
  }

  /** Says so for the first one, the tenth, the hundredth and so on. */
  #noteIgnored(): void {
    this.#ignored += 1;
    if (!/^10*$/.test(String(this.#ignored))) return;
    const events = this.#ignored === 1 ? '1 event' : `${this.#ignored} events`;
    this.#options.notices.warn(`ignored ${events} so far because of their age (option "Ignore Events Older Than").`);
  }

  #attach(frame: BridgeEvent, run: Run): void {
    run.reply = (answer) => this.#answer(frame, answer);
    this.#own.add(run.ended);
    void run.ended.then(() => this.#own.delete(run.ended));
  }

  #begin(frame: BridgeEvent): void {
    const { runs } = this.#options;
    let end: () => void = () => {};
    const run: Run = { reply: () => {}, ended: new Promise((resolve) => (end = resolve)) };
    this.#attach(frame, run);
    runs.add(frame.event.id, run);
    const first = run.reply;
    void this.#carryOut(frame).then((answer) => {
      if (answer?.kind === 'acknowledge') runs.markAcknowledged(frame.event.id);
      runs.remove(frame.event.id);
      if (answer !== null) run.reply(answer);
      // Delivered again before it was acknowledged: that delivery waits for its answer too.
      else if (run.reply !== first) run.reply({ kind: 'acknowledge' });
      end();
    });
  }

  /** Never rejects. @returns null where it was acknowledged already */
  async #carryOut(frame: BridgeEvent): Promise<Answer | null> {
    const { mode, toItem, emit, deduplicationKey, acknowledge, runs, notices } = this.#options;
    const { id } = frame.event;
    try {
      const item = await toItem(frame);
      // The trigger was closed while media was fetched: nobody hears this, unless its successor has the event by now.
      if (this.#closed) {
        return { kind: 'refuse', reason: 'the trigger was closed before it could start a run', retryAfterMs: 0 };
      }
      const done = emit(item, deduplicationKey(frame));
      if (mode === 'received') {
        runs.markAcknowledged(id);
        acknowledge(frame.cursor, frame.attempt);
        // The run keeps its place among those in flight, whatever comes of it.
        await done.catch(() => undefined);
        return null;
      }
      return answerFor(mode, await done, frame.attempt);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      notices.warn(`n8n could not start an execution for event ${id}: ${reason}. The bridge will deliver it again.`);
      return {
        kind: 'refuse',
        reason: `the execution could not be started: ${reason}`,
        retryAfterMs: retryAfterMs(frame.attempt),
      };
    }
  }

  #answer(frame: BridgeEvent, answer: Answer): void {
    if (this.#closed) return;
    if (answer.kind === 'acknowledge') this.#options.acknowledge(frame.cursor, frame.attempt);
    else this.#options.refuse(frame.cursor, frame.attempt, answer.reason, answer.retryAfterMs);
  }
}
