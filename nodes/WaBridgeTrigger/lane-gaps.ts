/**
 * Notices an event that was skipped: each delivery names the one before it in its chat, so a name that was never seen
 * is a gap. Lanes that were not seen yet prove nothing, and neither does a redelivery.
 */
import type { BridgeEvent } from '../shared/contract.generated';

const REMEMBERED_LANES = 20_000;

interface LastSeen {
  readonly seq: number;
  readonly cursor: string;
}

export type LaneVerdict =
  | 'ok'
  /** First sight of a gap: worth asking the bridge again. */
  | 'gap'
  /** The bridge was asked again and delivers the same: the event in between is lost to this subscription. */
  | 'lost';

export class LaneGaps {
  readonly #lanes = new Map<string, LastSeen>();
  readonly #questioned = new Set<string>();

  /** Judges a delivery and, unless it is a `gap`, remembers it as the last of its lane. */
  check(frame: BridgeEvent): LaneVerdict {
    const { event } = frame;
    const lane = `${event.session ?? ''}|${event.chat?.chatId ?? ''}`;
    const last = this.#lanes.get(lane);
    if (last !== undefined && event.seq <= last.seq) return 'ok';
    const missing = last !== undefined && frame.previous !== null && frame.previous !== last.cursor;
    if (missing && !this.#questioned.has(event.id)) {
      this.#questioned.add(event.id);
      return 'gap';
    }
    this.#questioned.delete(event.id);
    this.#lanes.delete(lane);
    this.#lanes.set(lane, { seq: event.seq, cursor: frame.cursor });
    if (this.#lanes.size > REMEMBERED_LANES) {
      const oldest = this.#lanes.keys().next();
      if (oldest.done !== true) this.#lanes.delete(oldest.value);
    }
    return missing ? 'lost' : 'ok';
  }

  /** Forgets everything: another reader may have had events of this subscription, or the log is another one. */
  clear(): void {
    this.#lanes.clear();
    this.#questioned.clear();
  }
}
