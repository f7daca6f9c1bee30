/** The engine that a check of the suite looks at: made anew for each check, on a harness of that check's own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { ChatId, MessageId } from '../../../bridge/src/contract/ids.ts';
import { EngineError, type Engine, type EngineCapabilities } from '../../../bridge/src/engine/engine.ts';
import type { OutgoingFile } from '../../../bridge/src/engine/engine-operations.ts';
import { EngineRecording } from '../engine-recording.ts';
import type { EngineHarness, EngineSupports, SuiteOptions } from './engine-harness.ts';

interface Started {
  readonly engine: Engine;
  readonly recording: EngineRecording;
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
  #folder = '';

  constructor(supports: EngineSupports, makeHarness: () => Promise<EngineHarness>, limits: Required<SuiteOptions>) {
    this.supports = supports;
    this.#makeHarness = makeHarness;
    this.limits = limits;
  }

  /** Before each check. */
  readonly open = async (): Promise<void> => {
    this.#folder = await mkdtemp(join(tmpdir(), 'wabridge-engine-'));
    this.#harness = await this.#makeHarness();
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
    await harness?.cleanUp();
    await rm(this.#folder, { recursive: true, force: true });
  };

  /** The harness of the check that runs. */
  get harness(): EngineHarness {
    if (this.#harness === undefined) throw new Error('no check is running');
    return this.#harness;
  }

  readonly check = (what: string, run: () => Promise<void>): void => test(what, run, this.limits.timeoutMs);

  /** A check that is reported as skipped where the engine does not claim the feature. */
  readonly checkIf = (feature: keyof EngineSupports, what: string, run: () => Promise<void>): void => {
    if (this.supports[feature]) this.check(what, run);
    else test.skip(`${what} (not claimed: ${feature})`, run);
  };

  /** An engine that was started, with what it reports. */
  readonly launch = async (): Promise<Started> => {
    const recording = new EngineRecording();
    const engine = this.#watched(this.harness.createEngine(recording));
    this.#recordings.add(recording);
    this.#running.add(engine);
    await engine.start();
    return { engine, recording };
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

  /** Launched, scanned and ready. */
  readonly linked = async (): Promise<Started> => {
    const started = await this.launch();
    const qr = await started.recording.untilSignal('qr');
    await this.harness.scan(qr.code);
    await started.recording.untilSignal('ready');
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
