import type { ReadinessReport } from '../contract/views/readiness.ts';
import { DeadlineError, within } from './deadline.ts';

/** Resolves where the thing works; rejects if it does not. */
export type Probe = () => Promise<void>;

const PROBE_TIMEOUT_MS = 3_000;

export class Readiness {
  readonly #probes: Readonly<Record<string, Probe>>;
  #stopping = false;

  constructor(probes: Readonly<Record<string, Probe>>) {
    this.#probes = probes;
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
    return { ready: Object.values(checks).every((outcome) => outcome === 'ok'), checks };
  }
}

async function outcomeOf(probe: Probe): Promise<string> {
  const answer = probe();
  try {
    await within(answer, PROBE_TIMEOUT_MS, 'the probe');
    return 'ok';
  } catch (error) {
    return error instanceof DeadlineError ? `no answer within ${PROBE_TIMEOUT_MS} ms` : 'failed; see the log';
  }
}
