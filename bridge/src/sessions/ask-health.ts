/** Asking an engine for its health: one that does not answer is just what health is asked for. */
import type { Engine, EngineHealth } from '../engine/engine.ts';
import type { Clock } from '../ops/clock.ts';
import { within } from '../ops/deadline.ts';
import { reasonOf } from '../ops/reason.ts';

/** Engines answer from what they know, so one that takes longer hangs. */
const DEADLINE_MS = 5_000;

/** What the engine knows of its parts; where it hangs or throws, that. Never rejects. */
export async function askHealth(engine: Engine | null, clock: Clock): Promise<EngineHealth> {
  if (!engine) return { checks: [{ name: 'engine', state: 'unknown', detail: 'no engine runs for this session' }] };
  try {
    return await within(
      Promise.resolve().then(() => engine.health()),
      DEADLINE_MS,
      'the answer',
      clock,
    );
  } catch (error) {
    return { checks: [{ name: 'engine', state: 'failed', detail: reasonOf(error) }] };
  }
}
