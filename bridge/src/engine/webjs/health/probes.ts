/**
 * The probes of a session that is ready: a round trip through the library's listeners, and one to WhatsApp's server. A
 * probe that finds nothing counts against the session only once the same probe has worked there: a version of WhatsApp
 * Web with which it cannot work must not look like a session that fails.
 */
import { randomBytes } from 'node:crypto';
import { within } from '../../../ops/deadline.ts';
import { type Deadlines, TransportError } from '../deadlines.ts';
import type { PageCalls } from '../page/page-calls.ts';
import { askServer, fireProbe } from '../page/page-probes.ts';

export type ProbeName = 'listeners' | 'line';
export type ProbeOutcome = 'ok' | 'failed' | 'unknown';
/** Probes that have worked in this session; outlives an engine. */
export type ProvenProbes = Set<ProbeName>;

/** Begins the stanza id of every message that does not exist. */
const MARK = 'WABRIDGEPROBE';

export class Probes {
  readonly #page: () => PageCalls;
  readonly #deadlines: Pick<Deadlines, 'examine' | 'listenerProbe' | 'lineAnswer'>;
  readonly #proven: ProvenProbes;
  readonly #awaited = new Map<string, () => void>();

  /** @param page throws TransportError if there is none */
  constructor(
    page: () => PageCalls,
    deadlines: Pick<Deadlines, 'examine' | 'listenerProbe' | 'lineAnswer'>,
    proven: ProvenProbes,
  ) {
    this.#page = page;
    this.#deadlines = deadlines;
    this.#proven = proven;
  }

  /** The library reported a medium as uploaded: of a message that does not exist, it is the answer to a probe. */
  uploaded(stanzaId: string): void {
    this.#awaited.get(stanzaId)?.();
  }

  /** Whether an event of the page's collections arrives here. */
  async listeners(): Promise<ProbeOutcome> {
    const stanzaId = `${MARK}${randomBytes(8).toString('hex').toUpperCase()}`;
    const arrived = new Promise<void>((resolve) => this.#awaited.set(stanzaId, resolve));
    try {
      if (!(await this.#page().call(fireProbe, this.#deadlines.examine, stanzaId))) return 'unknown';
      // From here on nothing of the page is waited for but the event itself.
      return await within(arrived, this.#deadlines.listenerProbe, 'the event').then(
        () => this.#worked('listeners'),
        () => this.#silent('listeners'),
      );
    } catch {
      return 'unknown';
    } finally {
      this.#awaited.delete(stanzaId);
    }
  }

  /** Whether WhatsApp's server answers. */
  async line(): Promise<ProbeOutcome> {
    try {
      const answer = await this.#page().call(askServer, this.#deadlines.lineAnswer);
      return answer === true ? this.#worked('line') : 'unknown';
    } catch (error) {
      // A call that was cut off (the page reloads) says nothing of the line; one without an answer in time does.
      return error instanceof TransportError && error.late ? this.#silent('line') : 'unknown';
    }
  }

  #worked(probe: ProbeName): ProbeOutcome {
    this.#proven.add(probe);
    return 'ok';
  }

  #silent(probe: ProbeName): ProbeOutcome {
    return this.#proven.has(probe) ? 'failed' : 'unknown';
  }
}
