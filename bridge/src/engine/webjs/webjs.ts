/** The engine `webjs`: WhatsApp Web in a real browser, driven by whatsapp-web.js. */
import type { SessionName } from '../../contract/ids.ts';
import type { Clock } from '../../ops/clock.ts';
import type { Log } from '../../ops/logger.ts';
import type { Engine, EngineFactory, EngineListener } from '../engine.ts';
import { DEADLINES, type Deadlines } from './deadlines.ts';
import { WEBJS_CAPABILITIES, WebjsEngine, type WebjsSettings } from './webjs-engine.ts';

export class WebjsFactory implements EngineFactory {
  readonly name = 'webjs';
  readonly capabilities = WEBJS_CAPABILITIES;
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

  create(session: SessionName, profileDir: string, listener: EngineListener): Engine {
    return new WebjsEngine(
      profileDir,
      listener,
      this.#settings,
      this.#deadlines,
      this.#clock,
      this.#log.child({ session, engine: 'webjs' }),
    );
  }

  /** Everything of a session is in its own folder. */
  async forget(): Promise<void> {}
}
