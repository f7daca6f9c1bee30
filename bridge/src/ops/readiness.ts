import { WabError } from '../contract/errors.ts';
import type { ReadinessReport } from '../contract/views/readiness.ts';
import { DeadlineError, within } from './deadline.ts';

/** Resolves where the thing works; rejects if it does not. */
export type Probe = () => Promise<void>;

const PROBE_TIMEOUT_MS = 3_000;

/** `ok`, or what is worse than usual although the bridge does its work. */
export type Note = () => string;

export class Readiness {
  readonly #probes: Readonly<Record<string, Probe>>;
  readonly #notes: Readonly<Record<string, Note>>;
  #stopping = false;

  /** @param notes are reported, and do not make the bridge unready */
  constructor(probes: Readonly<Record<string, Probe>>, notes: Readonly<Record<string, Note>> = {}) {
    this.#probes = probes;
    this.#notes = notes;
  }

  /** From now on the bridge is not ready. */
  beginShutdown(): void {
    this.#stopping = true;
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  async check(): Promise<ReadinessReport> {
    const entries = await Promise.all(
      Object.entries(this.#probes).map(async ([name, probe]) => [name, await outcomeOf(probe)] as const),
    );
    const checks = { lifecycle: this.#stopping ? 'shutting down' : 'ok', ...Object.fromEntries(entries) };
    const notes = Object.fromEntries(Object.entries(this.#notes).map(([name, note]) => [name, note()]));
    return { ready: Object.values(checks).every((outcome) => outcome === 'ok'), checks: { ...checks, ...notes } };
  }
}

async function outcomeOf(probe: Probe): Promise<string> {
  const answer = probe();
  try {
    await within(answer, PROBE_TIMEOUT_MS, 'the probe');
    return 'ok';
  } catch (error) {
    if (error instanceof DeadlineError) return `no answer within ${PROBE_TIMEOUT_MS} ms`;
    // The catalogue's words name nothing secret, and say what is waited for.
    return error instanceof WabError ? error.message : 'failed; see the log';
  }
}
