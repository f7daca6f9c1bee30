/** Sends the frames of a subscription's attempts, which are on disk by then, while its reader's socket has room. */
import type { WaEvent } from '../contract/events.ts';
import type { BridgeFrame } from '../contract/frames.ts';
import type { Seq, SubscriptionName } from '../contract/ids.ts';
import type { Principal } from '../auth/keys.ts';
import type { EventLog } from '../events/event-log.ts';
import { encodeCursor } from './cursor.ts';
import type { DeliveryPlan } from './delivery-plan.ts';
import type { Position } from './position.ts';
import { visibleTo } from './reading-rights.ts';

/** Payloads that one turn may read. */
const PAYLOADS_PER_TURN = 16;

interface Attempt {
  readonly position: Position;
  readonly attempt: number;
}

/** The reader's end, as the subscription sees it. */
export interface FrameSink {
  /** False while the socket's buffer is not small; asks for `resume()` once it is. */
  hasRoom(): boolean;
  send(frame: BridgeFrame): void;
  /** The subscription cannot go on. */
  fail(error: unknown): void;
}

export interface FrameSenderOptions {
  readonly name: SubscriptionName;
  readonly principal: Principal;
  readonly sink: FrameSink;
  readonly events: Pick<EventLog, 'epoch' | 'read'>;
  /** Told of each event that goes out, for metrics. */
  readonly count?: ((outcome: 'sent') => void) | undefined;
}

export class FrameSender {
  readonly #options: FrameSenderOptions;
  readonly #plan: DeliveryPlan;
  /** Attempts that are durable and whose frames are not sent. */
  #waiting: Attempt[] = [];
  /** Positions in flight whose frames went to the socket. */
  readonly #sent = new Set<Seq>();
  #isStopped = false;

  constructor(options: FrameSenderOptions, plan: DeliveryPlan) {
    this.#options = options;
    this.#plan = plan;
  }

  get hasWork(): boolean {
    return this.#waiting.length > 0;
  }

  add(attempts: readonly Attempt[]): void {
    if (!this.#isStopped) this.#waiting.push(...attempts);
  }

  /** Whether the frame went out, and nothing has become of it yet. */
  hasSent(seq: Seq): boolean {
    return this.#sent.has(seq);
  }

  /** The reader has answered. */
  answered(seq: Seq): void {
    this.#sent.delete(seq);
  }

  /** Nothing is sent any more. */
  stop(): void {
    this.#isStopped = true;
    this.#waiting = [];
  }

  /** Sends some of them. @returns how many events retention had removed; their positions are finished */
  async send(): Promise<number> {
    const { events, sink } = this.#options;
    const batch = this.#waiting.splice(0, PAYLOADS_PER_TURN).filter(isInFlight);
    const found = await events.read(batch.map(({ position }) => position.seq));
    if (this.#isStopped) return 0;
    const bySeq = new Map(found.map((event) => [event.seq, event]));
    let gone = 0;
    for (const [index, entry] of batch.entries()) {
      if (!isInFlight(entry)) continue;
      if (!sink.hasRoom()) {
        this.#waiting.unshift(...batch.slice(index));
        break;
      }
      const event = bySeq.get(entry.position.seq);
      if (event === undefined) {
        this.#plan.finish(entry.position.seq);
        gone += 1;
      } else this.#send(entry, event);
    }
    return gone;
  }

  #send({ position, attempt }: Attempt, event: WaEvent): void {
    const { name, sink, principal } = this.#options;
    this.#sent.add(position.seq);
    this.#options.count?.('sent');
    sink.send({
      type: 'event',
      subscription: name,
      cursor: this.#cursor(position.seq),
      previous: position.previous == null ? null : this.#cursor(position.previous),
      attempt,
      event: visibleTo(principal, event),
    });
  }

  #cursor(seq: Seq): string {
    return encodeCursor(this.#options.events.epoch, seq);
  }
}

const isInFlight = ({ position, attempt }: Attempt): boolean =>
  position.state === 'sent' && position.attempts === attempt;
