/** A harness with the steps that most browser tests begin with. */
import type { ChatId } from '../../bridge/src/contract/ids.ts';
import type { Engine, EngineError } from '../../bridge/src/engine/engine.ts';
import type { Deadlines } from '../../bridge/src/engine/webjs/deadlines.ts';
import type { WebjsSettings } from '../../bridge/src/engine/webjs/webjs-engine.ts';
import { EngineRecording } from '../conformance/engine-recording.ts';
import { WebjsHarness } from './webjs-harness.ts';

/** For a test that starts browsers on a busy machine, in milliseconds. */
export const LONG = 150_000;

export class SessionAtTest extends WebjsHarness {
  async launch(
    deadlines: Partial<Deadlines> = {},
    settings: WebjsSettings = {},
  ): Promise<{ engine: Engine; recording: EngineRecording }> {
    const recording = new EngineRecording();
    const engine = this.createEngine(recording, deadlines, settings);
    await engine.start();
    return { engine, recording };
  }

  /** Launched, scanned and ready. */
  async linked(
    deadlines: Partial<Deadlines> = {},
    settings: WebjsSettings = {},
  ): Promise<{ engine: Engine; recording: EngineRecording }> {
    const started = await this.launch(deadlines, settings);
    this.standin.scan((await started.recording.untilSignal('qr')).code, this.me);
    await started.recording.untilSignal('ready');
    return started;
  }
}

export const bobOf = (session: SessionAtTest): ChatId => session.bob.pn as ChatId;

export const failureOf = (promise: Promise<unknown>): Promise<EngineError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: EngineError) => error,
  );
