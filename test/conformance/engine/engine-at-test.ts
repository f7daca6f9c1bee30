/**
 * The engine that a check of the suite looks at: on a harness of that check's own, or one that is linked and that checks
 * share, each with people of its own. A start can cost seconds of processor time, so checks that neither end, unlink nor
 * interrupt the engine share one.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { ChatId, MessageId } from '../../../bridge/src/contract/ids.ts';
import {
  EngineError,
  type Engine,
  type EngineCapabilities,
  type EngineFact,
  type EngineListener,
  type EngineSignal,
} from '../../../bridge/src/engine/engine.ts';
import type { OutgoingFile } from '../../../bridge/src/engine/engine-operations.ts';
import { EngineRecording } from '../engine-recording.ts';
import type { EngineHarness, EngineSupports, SuiteOptions } from './engine-harness.ts';

interface Started {
  readonly engine: Engine;
  readonly recording: EngineRecording;
}

/** Passes on what an engine reports to the recording of the check that runs. */
class Relay implements EngineListener {
  to: EngineRecording;

  constructor(to: EngineRecording) {
    this.to = to;
  }

  signal(signal: EngineSignal): void {
    this.to.signal(signal);
  }

  fact(fact: EngineFact): Promise<void> {
    return this.to.fact(fact);
  }
}

/** A linked engine for several checks, one after the other. */
interface Shared {
  readonly engine: Engine;
  readonly harness: EngineHarness;
  readonly relay: Relay;
}

export class EngineAtTest {
  readonly supports: EngineSupports;
  readonly limits: Required<SuiteOptions>;
  readonly #makeHarness: () => Promise<EngineHarness>;
  readonly #running = new Set<Engine>();
  readonly #recordings = new Set<EngineRecording>();
  readonly #performed = new Set<string>();
  readonly #found = new Set<string>();
  readonly #reported = new Set<string>();
  #claimed: Pick<EngineCapabilities, 'operations' | 'events'> = { operations: [], events: [] };
  #harness: EngineHarness | undefined;
  #shared: Shared | undefined;
  #folder = '';

  constructor(supports: EngineSupports, makeHarness: () => Promise<EngineHarness>, limits: Required<SuiteOptions>) {
    this.supports = supports;
    this.#makeHarness = makeHarness;
    this.limits = limits;
  }

  /** Before each check. */
  readonly open = async (): Promise<void> => {
    this.#folder = await mkdtemp(join(tmpdir(), 'wabridge-engine-'));
  };

  /** After each check, also where `open` failed half-way. */
  readonly close = async (): Promise<void> => {
    await Promise.all([...this.#running].map((engine) => engine.stop()));
    this.#running.clear();
    for (const { found, facts } of this.#recordings) {
      for (const type of found) this.#found.add(type);
      for (const { type } of facts) this.#reported.add(type);
    }
    this.#recordings.clear();
    const harness = this.#harness;
    this.#harness = undefined;
    if (harness !== this.#shared?.harness) await harness?.cleanUp();
    await rm(this.#folder, { recursive: true, force: true });
  };

  /** After the last check, and after one that failed on the engine that checks share: the next begins with another. */
  readonly endShared = async (): Promise<void> => {
    const shared = this.#shared;
    this.#shared = undefined;
    if (shared === undefined) return;
    if (this.#harness === shared.harness) this.#harness = undefined;
    await shared.engine.stop();
    await shared.harness.cleanUp();
  };

  /** The harness of the check that runs. */
  get harness(): EngineHarness {
    if (this.#harness === undefined) throw new Error('no check is running');
    return this.#harness;
  }

  readonly check = (what: string, run: () => Promise<void>): void =>
    test(
      what,
      async () => {
        try {
          await run();
        } catch (error) {
          // Whatever went wrong there must not fail the checks after it.
          if (this.#shared !== undefined && this.#shared.harness === this.#harness) await this.endShared();
          throw error;
        }
      },
      this.limits.timeoutMs,
    );

  /** A check that is reported as skipped where the engine does not claim the feature. */
  readonly checkIf = (feature: keyof EngineSupports, what: string, run: () => Promise<void>): void => {
    if (this.supports[feature]) this.check(what, run);
    else test.skip(`${what} (not claimed: ${feature})`, run);
  };

  /** An engine that was started, with what it reports. */
  readonly launch = (): Promise<Started> => this.#launch(this.#record());

  /** Launched, scanned and ready. */
  readonly linked = async (): Promise<Started> => this.#scanned(await this.launch());

  /**
   * Ready, and shared with other checks where the harness brings other people to each: for a check that leaves the engine
   * as it found it.
   */
  readonly shared = async (): Promise<Started> => {
    const recording = this.#record();
    if (this.#shared !== undefined) {
      const { engine, harness, relay } = this.#shared;
      this.#harness = harness;
      harness.meetOthers?.();
      relay.to = recording;
      return { engine, recording };
    }
    const relay = new Relay(recording);
    const started = await this.#scanned(await this.#launch(recording, relay));
    if (this.harness.meetOthers === undefined) return started;
    this.#shared = { engine: started.engine, harness: this.harness, relay };
    this.#running.delete(started.engine);
    return started;
  };

  readonly end = async (engine: Engine): Promise<void> => {
    await engine.stop();
    this.#running.delete(engine);
  };

  /** A file of these bytes, to send. */
  readonly file = async (fileName: string, mimeType: string, bytes: Buffer): Promise<OutgoingFile> => {
    const path = join(this.#folder, fileName);
    await writeFile(path, bytes);
    return { path, mimeType, sizeBytes: bytes.length, fileName };
  };

  /** Operations and events that the engine claims, and that no check of this suite has seen. */
  get unproven(): readonly string[] {
    const { operations, events } = this.#claimed;
    return [...operations.filter((id) => !this.#performed.has(id)), ...events.filter((type) => !this.#found.has(type))];
  }

  /** Types of events that the engine has reported without claiming them. */
  get unclaimed(): readonly string[] {
    return [...this.#reported].filter((type) => !(this.#claimed.events as readonly string[]).includes(type));
  }

  #record(): EngineRecording {
    const recording = new EngineRecording();
    this.#recordings.add(recording);
    return recording;
  }

  async #launch(recording: EngineRecording, listener: EngineListener = recording): Promise<Started> {
    this.#harness ??= await this.#makeHarness();
    const engine = this.#watched(this.harness.createEngine(listener));
    this.#running.add(engine);
    await engine.start();
    return { engine, recording };
  }

  async #scanned(started: Started): Promise<Started> {
    const qr = await started.recording.untilSignal('qr');
    await this.harness.scan(qr.code);
    await started.recording.untilSignal('ready');
    return started;
  }

  /** Notes what the engine carries out. */
  #watched(engine: Engine): Engine {
    this.#claimed = engine.capabilities;
    const perform = engine.perform.bind(engine);
    engine.perform = async (id, ...asked) => {
      const result = await perform(id, ...asked);
      this.#performed.add(id);
      return result;
    };
    return engine;
  }
}

/** The id under which to send, null where the engine does not let it be chosen. */
export const idFor = (engine: Engine, chatId: string): MessageId | null =>
  engine.capabilities.chosenMessageIds ? engine.chooseMessageId(chatId as ChatId) : null;

/** The error that the engine fails with. */
export const failure = async (promise: Promise<unknown>): Promise<EngineError> => {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
};
