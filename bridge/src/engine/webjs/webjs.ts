/** The engine `webjs`: WhatsApp Web in a real browser, driven by whatsapp-web.js. */
import type { SessionName } from '../../contract/ids.ts';
import { parseProxy } from '../../contract/proxy.ts';
import type { Clock } from '../../ops/clock.ts';
import type { Log } from '../../ops/logger.ts';
import type { Engine, EngineFactory, EngineListener, EngineOptions } from '../engine.ts';
import { DEADLINES, type Deadlines } from './deadlines.ts';
import { type HealthHistory, newHistory } from './health/health.ts';
import type { StoredProfiles } from './login/stored/stored-profiles.ts';
import { WEBJS_CAPABILITIES, WebjsEngine, type WebjsSettings } from './webjs-engine.ts';

type OnMemory = (session: SessionName, bytes: number | null) => void;

export class WebjsFactory implements EngineFactory {
  readonly name = 'webjs';
  readonly capabilities = WEBJS_CAPABILITIES;
  readonly takesProxy = true;
  readonly #settings: WebjsSettings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #deadlines: Deadlines;
  readonly #onMemory: OnMemory;
  readonly #profiles: StoredProfiles | null;
  /** Kept from one engine of a session to the next, for as long as the bridge runs. */
  readonly #histories = new Map<SessionName, HealthHistory>();

  /**
   * @param onMemory told what each session's browser uses, in bytes; null once it has ended
   * @param profiles where logins are kept for other machines; null if they are not
   */
  constructor(
    settings: Omit<WebjsSettings, 'proxy' | 'onMemory'>,
    clock: Clock,
    log: Log,
    deadlines: Deadlines = DEADLINES,
    onMemory: OnMemory = () => undefined,
    profiles: StoredProfiles | null = null,
  ) {
    this.#profiles = profiles;
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
    this.#deadlines = deadlines;
    this.#onMemory = onMemory;
  }

  create(session: SessionName, profileDir: string, listener: EngineListener, options: EngineOptions = {}): Engine {
    const log = this.#log.child({ session, engine: 'webjs' });
    return new WebjsEngine(
      profileDir,
      listener,
      {
        ...this.#settings,
        ...(options.proxy === undefined ? {} : { proxy: parseProxy(options.proxy) }),
        onMemory: (bytes) => this.#onMemory(session, bytes),
      },
      this.#deadlines,
      this.#clock,
      log,
      this.#historyOf(session),
      this.#profiles?.of(session, profileDir, log) ?? null,
    );
  }

  /** What lasts of a session is in its own folder, and in the profile store. */
  async forget(session: SessionName): Promise<void> {
    this.#histories.delete(session);
    await this.#profiles?.forget(session);
  }

  #historyOf(session: SessionName): HealthHistory {
    const history = this.#histories.get(session) ?? newHistory();
    this.#histories.set(session, history);
    return history;
  }
}
