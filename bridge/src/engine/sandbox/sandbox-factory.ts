/** Makes sandbox engines over one simulated network, in this process or another. Nothing here is WhatsApp. */
import type { SessionName } from '../../contract/ids.ts';
import { systemClock, type Clock } from '../../ops/clock.ts';
import type { Engine, EngineFactory, EngineListener } from '../engine.ts';
import type { PhoneNetwork } from './phone-network.ts';
import {
  DEFAULT_SANDBOX_ENGINE_OPTIONS,
  SANDBOX_CAPABILITIES,
  SandboxEngine,
  type SandboxEngineOptions,
} from './sandbox-engine.ts';

export class SandboxEngineFactory implements EngineFactory {
  readonly name = 'sandbox';
  readonly takesProxy = false;
  readonly capabilities = SANDBOX_CAPABILITIES;
  readonly #network: PhoneNetwork;
  readonly #clock: Clock;
  readonly #options: SandboxEngineOptions;

  constructor(network: PhoneNetwork, options: Partial<SandboxEngineOptions> = {}, clock: Clock = systemClock) {
    this.#network = network;
    this.#clock = clock;
    this.#options = { ...DEFAULT_SANDBOX_ENGINE_OPTIONS, ...options };
  }

  create(session: SessionName, profileDir: string, listener: EngineListener): Engine {
    return new SandboxEngine(session, profileDir, this.#network, listener, this.#clock, this.#options);
  }

  async forget(session: SessionName): Promise<void> {
    await this.#network.forget(session);
  }
}
