/**
 * What a run does, made from a seed: the same seed gives the same sends, sayings and faults in the same order. When a fault
 * hits is set in terms of what has happened by then and some milliseconds, so two runs of one seed are alike, not the same.
 */
import type { SandboxFaults } from '../../bridge/src/engine/sandbox/sandbox-contract.ts';
import type { BackendName } from '../servers/backends.ts';
import { SERVER_FAULT_NAMES, type ServerFault } from '../servers/server-faults.ts';
import { SeededRandom } from './random.ts';

const BRIDGE_FAULTS = ['kill bridge', 'kill bridge during its start'] as const;
const BOTH_FAULTS = ['kill bridge and PostgreSQL'] as const;
export type FaultKind = (typeof BRIDGE_FAULTS)[number] | ServerFault | (typeof BOTH_FAULTS)[number];
const KINDS: Readonly<Record<BackendName, readonly FaultKind[]>> = {
  sqlite: BRIDGE_FAULTS,
  'postgres-redis-s3': [...BRIDGE_FAULTS, ...SERVER_FAULT_NAMES, ...BOTH_FAULTS],
};

export interface PlannedFault {
  readonly kind: FaultKind;
  /** It comes once so many more sends are done with … */
  readonly afterSends: number;
  /** … and so many milliseconds later. */
  readonly delayMs: number;
  /** How long what was killed stays away, or what is paused stays so; of a kill during the start: when it comes. */
  readonly holdMs: number;
}

export interface PlannedSend {
  readonly send: number;
  /** Index of the chat. */
  readonly chat: number;
  readonly text: string;
  readonly hasFile: boolean;
  /**
   * What its client does: asks until it is accepted; asks once; asks again although it was accepted; or uses the key of
   * the send before, in the same chat, for another message, which has to be refused.
   */
  readonly client: 'patient' | 'impatient' | 'repeats' | 'reuses the key';
}

export interface Round {
  readonly sends: readonly PlannedSend[];
  /** Indices of the chats in which somebody writes to the account. */
  readonly sayings: readonly number[];
  /** How the network behaves from here on. */
  readonly weather: SandboxFaults;
  readonly fault: PlannedFault;
}

export const CHATS = 8;
/** So many faults, and one pause of each server outlasts every timeout of the bridge. */
const LONG_PAUSES_FROM = 50;
const LONG_PAUSE_MS = 36_000;

/**
 * A shorter plan of the same seed is the beginning of a longer one, but for its longest pauses.
 *
 * @param faults how many rounds, each with one fault
 */
export function planOf(backend: BackendName, faults: number, seed: number): readonly Round[] {
  const random = new SeededRandom(seed);
  const kinds = deckOf(backend, faults, new SeededRandom(~seed));
  const long = new Set(
    faults < LONG_PAUSES_FROM ? [] : (['pause PostgreSQL', 'pause Redis'] as const).map((kind) => kinds.indexOf(kind)),
  );
  let sends = 0;
  return kinds.map((kind, index) => {
    const count = random.between(6, 12);
    const planned = Array.from({ length: count }, () => sendOf((sends += 1), random));
    const sayings = Array.from({ length: random.between(4, 8) }, () => random.between(0, CHATS - 1));
    const fault = {
      kind,
      afterSends: random.between(0, count - 1),
      delayMs: random.between(0, 60),
      holdMs: long.has(index) ? LONG_PAUSE_MS : random.between(100, 2_500),
    };
    return { sends: planned, sayings, weather: weatherOf(random), fault };
  });
}

/** Every kind as often as every other, in any order. */
function deckOf(backend: BackendName, faults: number, random: SeededRandom): readonly FaultKind[] {
  const kinds = KINDS[backend];
  const deck: FaultKind[] = [];
  while (deck.length < faults) deck.push(...random.shuffled(kinds));
  return deck.slice(0, faults);
}

function sendOf(send: number, random: SeededRandom): PlannedSend {
  const client = random.chance(0.75)
    ? 'patient'
    : random.pick(['impatient', 'repeats', 'repeats', 'reuses the key'] as const);
  const hasFile = client !== 'reuses the key' && random.chance(0.12);
  return { send, chat: random.between(0, CHATS - 1), text: `send ${send}`, hasFile, client };
}

/** Slow enough that faults find sends under way, and at times worse. */
function weatherOf(random: SeededRandom): SandboxFaults {
  const delays = {
    answer: random.between(5, 150),
    server: random.between(5, 100),
    delivered: random.between(5, 100),
    read: random.between(5, 100),
  };
  const troubles: readonly (() => SandboxFaults)[] = [
    () => ({ sendDeferred: { count: random.between(1, 4) } }),
    () => ({ dropAfterSend: { count: 1 } }),
    () => ({ dropBeforeSend: { count: 1 } }),
    () => ({ sendLate: { count: 1, delayMs: random.between(200, 1_500) } }),
    () => ({ dropAfterSend: { count: 1 }, sendStatusUnknown: { count: 1 } }),
    () => ({ inboundDuplicated: { probability: 0.5 } }),
    () => ({ redeliverOnReconnect: { count: 2 } }),
    () => ({ ackDuplicated: { probability: 0.5 } }),
    () => ({ ownMessageEchoed: { probability: 0.5 } }),
  ];
  return { ...(random.chance(0.6) ? random.pick(troubles)() : {}), delays };
}
