/**
 * The state machine of a session, as a pure function: what an operator wants, what the engine signals and what a clock
 * says, in; the next state and what is to be done, out.
 *
 *   stopped ─start→ starting ─qr→ awaiting_scan ─authenticated→ connecting ─ready→ ready
 *   ready ─interrupted, crash→ reconnecting ─ready→ ready          a launch that fails before → failed ─retry→ starting
 *   any ─logged_out→ logged_out (until an operator starts it)      any ─stop→ stopping ─engine gone→ stopped
 *   any ─refused→ failed (until an operator starts it)             any ─crash with a pause→ failed ─retry→ starting
 *
 * `degraded` outlives a change of state, since healing takes a session through several: it ends with `recovered`, or
 * where the session comes to rest.
 */
import type { SessionState } from '../contract/session-states.ts';

export interface Machine {
  readonly state: SessionState;
  /** Why it is in this state, for a person. */
  readonly reason: string;
  /** Launches in a row that did not last; decides how long the next one waits. */
  readonly attempt: number;
  /** Whether it was ready since an operator started it. */
  readonly wasReady: boolean;
  /** What does not work as it should; null if all does. */
  readonly degraded: string | null;
  /** WhatsApp refuses it: it is left alone until an operator starts it. */
  readonly refused: boolean;
  /** The code on display was taken back, as by a scan: an account has to follow, or another code. */
  readonly codeWithdrawn: boolean;
}

export type Input =
  | { readonly on: 'start'; readonly reason: string }
  | { readonly on: 'stop'; readonly reason: string }
  | { readonly on: 'qr' | 'qr_withdrawn' | 'pairing_code' | 'authenticated' | 'ready' | 'recovered' }
  | { readonly on: 'progress' | 'interrupted' | 'degraded' | 'logged_out' | 'refused'; readonly reason: string }
  | { readonly on: 'crashed'; readonly reason: string; readonly retryAfterMs?: number | undefined }
  /** The engine took too long to become ready, or to get on with it. */
  | { readonly on: 'deadline' }
  /** The wait before the next launch is over. */
  | { readonly on: 'retry_due' }
  /** It has been ready long enough to trust it again. */
  | { readonly on: 'stable' }
  /** The engine has ended. */
  | { readonly on: 'engine_gone' };

export type Timer = 'deadline' | 'retry' | 'stable';
export type Action =
  | {
      readonly do:
        | 'launch'
        | 'discard'
        | 'show_qr'
        | 'hide_qr'
        | 'announce_ready'
        | 'announce_degraded'
        | 'forget_account'
        | 'keep_refusal';
    }
  /** `reason` is what had not worked. */
  | { readonly do: 'announce_recovered'; readonly reason: string }
  /** Replaces a running timer of the same name. `attempt` counts from 1. `waitMs` goes before the usual wait. */
  | { readonly do: 'arm'; readonly timer: Timer; readonly attempt: number; readonly waitMs?: number }
  | { readonly do: 'disarm'; readonly timer: Timer };

export interface Step {
  readonly machine: Machine;
  readonly actions: readonly Action[];
}

const RESET: readonly Action[] = [
  { do: 'disarm', timer: 'deadline' },
  { do: 'disarm', timer: 'retry' },
  { do: 'disarm', timer: 'stable' },
  { do: 'hide_qr' },
];
/** States in which an engine works, or is about to be launched again. */
const LIVE: ReadonlySet<SessionState> = new Set([
  'starting',
  'awaiting_scan',
  'connecting',
  'ready',
  'reconnecting',
  'failed',
]);
/** States in which the engine is on its way to ready. */
const UNDER_WAY: ReadonlySet<SessionState> = new Set(['starting', 'awaiting_scan', 'connecting', 'reconnecting']);

/** A session at rest, as it is when the bridge begins; `failed` is one that WhatsApp refuses. */
export function atRest(state: 'stopped' | 'logged_out' | 'failed', reason: string): Machine {
  return {
    state,
    reason,
    attempt: 0,
    wasReady: false,
    degraded: null,
    refused: state === 'failed',
    codeWithdrawn: false,
  };
}

/** The next state and what it takes. An input that means nothing in a state changes nothing. */
export function step(machine: Machine, input: Input): Step {
  switch (input.on) {
    case 'start':
      return start(machine, input.reason);
    case 'stop':
      return stop(machine, input.reason);
    case 'qr':
      return qr(machine);
    case 'qr_withdrawn':
      return qrWithdrawn(machine);
    case 'pairing_code':
      // A person who has a code to type gets the time that it holds.
      return machine.codeWithdrawn ? { machine, actions: [deadline(machine)] } : stay(machine);
    case 'authenticated':
      return authenticated(machine);
    case 'ready':
      return ready(machine);
    case 'progress':
      return progress(machine, input.reason);
    case 'interrupted':
      return interrupted(machine, input.reason);
    case 'degraded':
      return degraded(machine, input.reason);
    case 'recovered':
      return recovered(machine);
    case 'logged_out':
      return loggedOut(machine, input.reason);
    case 'refused':
      return refused(machine, input.reason);
    case 'crashed':
      return machine.state === 'failed' ? stay(machine) : crash(machine, input.reason, input.retryAfterMs);
    case 'deadline':
      return hasDeadline(machine)
        ? crash(machine, `it did not become ready in time: ${machine.reason}`)
        : stay(machine);
    case 'retry_due':
      return retry(machine);
    case 'stable':
      return machine.state === 'ready' ? { machine: { ...machine, attempt: 0 }, actions: [] } : stay(machine);
    case 'engine_gone':
      return machine.state === 'stopping'
        ? { machine: to(machine, 'stopped', machine.reason), actions: [] }
        : stay(machine);
  }
}

const stay = (machine: Machine): Step => ({ machine, actions: [] });
const to = (machine: Machine, state: SessionState, reason: string): Machine => ({
  ...machine,
  state,
  reason,
  codeWithdrawn: false,
});
/** A person may take as long as they like to scan a code; what follows the scan may not. */
const hasDeadline = ({ state, codeWithdrawn }: Machine): boolean =>
  UNDER_WAY.has(state) && (state !== 'awaiting_scan' || codeWithdrawn);
const deadline = (machine: Machine): Action => ({ do: 'arm', timer: 'deadline', attempt: machine.attempt + 1 });

function start(machine: Machine, reason: string): Step {
  // While it is stopping, a start waits its turn; in any other state that lives there is nothing to start.
  if (machine.state !== 'stopped' && machine.state !== 'logged_out' && machine.state !== 'failed') return stay(machine);
  const next = { ...to(machine, 'starting', reason), attempt: 0, wasReady: false, degraded: null, refused: false };
  return { machine: next, actions: [...RESET, { do: 'launch' }, deadline(next)] };
}

function stop(machine: Machine, reason: string): Step {
  if (machine.state === 'stopped' || machine.state === 'stopping') return stay(machine);
  const next = { ...to(machine, 'stopping', reason), degraded: null, refused: false };
  return { machine: next, actions: [...RESET, { do: 'discard' }] };
}

function qr(machine: Machine): Step {
  const shown = to(machine, 'awaiting_scan', 'a QR code is ready to be scanned');
  if (machine.codeWithdrawn)
    return { machine: shown, actions: [{ do: 'disarm', timer: 'deadline' }, { do: 'show_qr' }] };
  if (machine.state === 'awaiting_scan') return { machine, actions: [{ do: 'show_qr' }] };
  if (!UNDER_WAY.has(machine.state) && machine.state !== 'ready') return stay(machine);
  return {
    machine: shown,
    actions: [{ do: 'disarm', timer: 'deadline' }, { do: 'disarm', timer: 'stable' }, { do: 'show_qr' }],
  };
}

/**
 * A scan takes the code from the page at once; the account that it links shows only when its sync begins, if it does. The page may
 * also have shown all its codes.
 */
function qrWithdrawn(machine: Machine): Step {
  if (machine.state !== 'awaiting_scan' || machine.codeWithdrawn) return stay(machine);
  const reason = 'the QR code is no longer shown; waiting for the account to be linked or for another code';
  return { machine: { ...machine, reason, codeWithdrawn: true }, actions: [deadline(machine)] };
}

function authenticated(machine: Machine): Step {
  // Engines repeat themselves after each resync, so a session that is ready stays so.
  if (machine.state !== 'starting' && machine.state !== 'awaiting_scan' && machine.state !== 'reconnecting')
    return stay(machine);
  return {
    machine: to(machine, 'connecting', 'the account is linked and its data is loading'),
    actions: [{ do: 'hide_qr' }, deadline(machine)],
  };
}

/** However long the data of an account takes to load, an engine that gets on with it is not replaced. */
function progress(machine: Machine, reason: string): Step {
  return hasDeadline(machine) ? { machine: { ...machine, reason }, actions: [deadline(machine)] } : stay(machine);
}

function ready(machine: Machine): Step {
  if (machine.state === 'ready') return stay(machine);
  if (!UNDER_WAY.has(machine.state)) return stay(machine);
  return {
    machine: { ...to(machine, 'ready', 'connected'), wasReady: true },
    actions: [
      { do: 'disarm', timer: 'deadline' },
      { do: 'hide_qr' },
      { do: 'arm', timer: 'stable', attempt: machine.attempt + 1 },
      { do: 'announce_ready' },
    ],
  };
}

function interrupted(machine: Machine, reason: string): Step {
  if (machine.state === 'ready') {
    return {
      machine: to(machine, 'reconnecting', reason),
      actions: [{ do: 'disarm', timer: 'stable' }, deadline(machine)],
    };
  }
  if (machine.state === 'awaiting_scan') {
    return { machine: to(machine, 'starting', reason), actions: [{ do: 'hide_qr' }, deadline(machine)] };
  }
  // Already on its way back: the deadline that runs goes on running.
  return UNDER_WAY.has(machine.state) ? { machine: { ...machine, reason }, actions: [] } : stay(machine);
}

function degraded(machine: Machine, reason: string): Step {
  if (machine.degraded === reason || (machine.state !== 'ready' && !UNDER_WAY.has(machine.state))) return stay(machine);
  // An engine that says what keeps it from becoming ready is at work: it gets its time again.
  return {
    machine: { ...machine, degraded: reason },
    actions: [{ do: 'announce_degraded' }, ...(hasDeadline(machine) ? [deadline(machine)] : [])],
  };
}

function recovered(machine: Machine): Step {
  const { degraded: reason, state } = machine;
  if (reason === null || state !== 'ready') return stay(machine);
  return { machine: { ...machine, degraded: null }, actions: [{ do: 'announce_recovered', reason }] };
}

function loggedOut(machine: Machine, reason: string): Step {
  if (!LIVE.has(machine.state)) return stay(machine);
  return {
    machine: { ...to(machine, 'logged_out', reason), degraded: null, refused: false },
    actions: [...RESET, { do: 'discard' }, { do: 'forget_account' }],
  };
}

/** The login state stays, since only WhatsApp knows for how long it refuses. */
function refused(machine: Machine, reason: string): Step {
  if (!LIVE.has(machine.state) || machine.refused) return stay(machine);
  return {
    machine: { ...to(machine, 'failed', reason), degraded: null, refused: true },
    actions: [...RESET, { do: 'discard' }, { do: 'keep_refusal' }],
  };
}

/** The engine is of no use any more: end it, and launch another after a while, or after the pause that it asks for. */
function crash(machine: Machine, reason: string, waitMs?: number): Step {
  if (!LIVE.has(machine.state)) return stay(machine);
  const state = machine.wasReady && waitMs === undefined ? 'reconnecting' : 'failed';
  const next = { ...to(machine, state, reason), attempt: machine.attempt + 1 };
  const wait = waitMs === undefined ? {} : { waitMs };
  return {
    machine: next,
    actions: [...RESET, { do: 'discard' }, { do: 'arm', timer: 'retry', attempt: next.attempt, ...wait }],
  };
}

function retry(machine: Machine): Step {
  if ((machine.state !== 'failed' && machine.state !== 'reconnecting') || machine.refused) return stay(machine);
  const next = machine.state === 'failed' ? to(machine, 'starting', `launch ${machine.attempt + 1}`) : machine;
  return { machine: next, actions: [{ do: 'launch' }, deadline(machine)] };
}
