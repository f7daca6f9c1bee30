/** A session on the stand-in as the bridge holds it: a supervisor that launches engines, without the rest of the bridge. */
import type { SessionName } from '../../bridge/src/contract/ids.ts';
import type { EngineFactory } from '../../bridge/src/engine/engine.ts';
import type { Deadlines } from '../../bridge/src/engine/webjs/deadlines.ts';
import { WEBJS_CAPABILITIES, type WebjsSettings } from '../../bridge/src/engine/webjs/webjs-engine.ts';
import { systemClock } from '../../bridge/src/ops/clock.ts';
import type { Log } from '../../bridge/src/ops/logger.ts';
import type { SupervisorOptions } from '../../bridge/src/sessions/supervised-session.ts';
import { Supervisor } from '../../bridge/src/sessions/supervisor.ts';
import { FakeRecorder, silent } from '../bridge/sessions/fake-engine.ts';
import { until } from '../until.ts';
import type { WebjsHarness } from './webjs-harness.ts';
import type { Database } from '../../bridge/src/store/database.ts';

const OPTIONS: SupervisorOptions = {
  backoff: { firstMs: 1_000, longestMs: 300_000 },
  startDeadlineMs: 60_000,
  stopDeadlineMs: 20_000,
  stableAfterMs: 60_000,
};

export class SupervisedSession {
  readonly recorder = new FakeRecorder();
  readonly supervisor: Supervisor;
  /** What the engines warned of: fields and message. */
  readonly logged: unknown[][] = [];
  /** How many engines were launched. */
  launches = 0;

  constructor(
    harness: WebjsHarness,
    options: Partial<SupervisorOptions> = {},
    deadlines: Partial<Deadlines> = {},
    settings: WebjsSettings = {},
  ) {
    const log: Log = { ...silent, warn: (...said: unknown[]) => void this.logged.push(said), child: () => log };
    const factory: EngineFactory = {
      name: 'webjs',
      capabilities: WEBJS_CAPABILITIES,
      takesProxy: false,
      create: (_name, _folder, listener) => {
        this.launches += 1;
        return harness.createEngine(listener, deadlines, settings, log);
      },
      forget: async () => undefined,
    };
    this.supervisor = new Supervisor(
      {
        name: 'phone' as SessionName,
        factory,
        profileDir: harness.profileFolder,
        options: () => ({}),
        restingState: { state: 'stopped', reason: 'new' },
        self: null,
        account: { account: null, login: 0 },
      },
      {
        recorder: this.recorder,
        database: { write: (async () => undefined) as unknown as Database['write'] },
        clock: systemClock,
        log: silent,
        random: () => 1,
        options: { ...OPTIONS, ...options },
      },
      () => undefined,
      () => undefined,
      () => undefined,
    );
  }

  get state(): string {
    return this.supervisor.machine.state;
  }

  untilState(state: string, timeoutMs = 60_000): Promise<unknown> {
    return until(`the session to be ${state}`, () => this.state === state, {
      timeoutMs,
      details: () => `it is ${this.state}: ${this.supervisor.machine.reason}`,
    });
  }

  /** Starts it and reads the QR code that it shows. */
  async code(): Promise<string> {
    await this.supervisor.start('a test');
    return until('a QR code', () => this.supervisor.codes.qr?.code);
  }
}
