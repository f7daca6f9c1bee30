/** The engine `webjs`: WhatsApp Web in a real browser, driven by whatsapp-web.js. */
import type { SessionName } from '../../contract/ids.ts';
import { parseProxy } from '../../contract/proxy.ts';
import type { Clock } from '../../ops/clock.ts';
import type { Log } from '../../ops/logger.ts';
import type { Engine, EngineFactory, EngineListener, EngineOptions } from '../engine.ts';
import { DEADLINES, type Deadlines } from './deadlines.ts';
import { WEBJS_CAPABILITIES, WebjsEngine, type WebjsSettings } from './webjs-engine.ts';

export class WebjsFactory implements EngineFactory {
  readonly name = 'webjs';
  readonly capabilities = WEBJS_CAPABILITIES;
  readonly takesProxy = true;
  readonly #settings: WebjsSettings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #deadlines: Deadlines;

  constructor(settings: WebjsSettings, clock: Clock, log: Log, deadlines: Deadlines = DEADLINES) {
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
    this.#deadlines = deadlines;
  }

  create(session: SessionName, profileDir: string, listener: EngineListener, options: EngineOptions = {}): Engine {
    return new WebjsEngine(
      profileDir,
      listener,
      { ...this.#settings, ...(options.proxy === undefined ? {} : { proxy: parseProxy(options.proxy) }) },
      this.#deadlines,
      this.#clock,
      this.#log.child({ session, engine: 'webjs' }),
    );
  }

  /** Everything of a session is in its own folder. */
  async forget(): Promise<void> {}
}
