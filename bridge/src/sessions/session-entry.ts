/** A session as the registry keeps it, and as others see it. */
import type { SessionName } from '../contract/ids.ts';
import type { SessionHealth, SessionView } from '../contract/views/session.ts';
import type { EngineCapabilities, EngineFactory } from '../engine/engine.ts';
import type { SessionRow } from '../store/sessions.repository.ts';
import { shownProxy, type StoredProxy } from './session-proxy.ts';
import { shownSettings, type StoredSettings } from './session-settings.ts';
import type { SupervisedSession } from './supervised-session.ts';
import type { Supervisor } from './supervisor.ts';

/** A session of an enabled engine. */
export interface Supervised {
  readonly factory: EngineFactory;
  readonly supervisor: Supervisor;
}

export interface SessionEntry {
  readonly name: SessionName;
  readonly engine: string;
  /** Null if its engine is not enabled on this bridge. */
  readonly supervised: Supervised | null;
  readonly addedAt: string;
  /** As it was when the session was read. */
  readonly placement: Placement;
  proxy: StoredProxy;
  readonly settings: StoredSettings;
  /** Whether it takes one of the places that `maxSessions` counts. */
  wanted: boolean;
  deleting: boolean;
}

/** What is remembered of a session. */
export type Row = Pick<
  SessionRow,
  | 'engine'
  | 'desired'
  | 'self'
  | 'account'
  | 'login'
  | 'refusal'
  | 'proxy'
  | 'proxy_login'
  | 'settings'
  | 'secrets'
  | 'created_at'
>;

/** Whether this bridge runs a session, and if not, why. */
export type Placement = 'here' | 'no room' | 'elsewhere';

export const ELSEWHERE = 'another bridge runs this session';

export function restingStateOf({ desired, refusal }: Row, placement: Placement): SupervisedSession['restingState'] {
  if (desired === 'refused') return { state: 'failed', reason: refusal ?? 'WhatsApp refuses this account' };
  if (desired === 'logged_out') return { state: 'logged_out', reason: 'the account was unlinked' };
  if (desired === 'running' && placement === 'elsewhere') return { state: 'stopped', reason: ELSEWHERE };
  if (desired === 'running' && placement === 'no room')
    return {
      state: 'stopped',
      reason: 'this bridge has reached maxSessions, and this session is newer than the others',
    };
  return { state: 'stopped', reason: 'it was stopped' };
}

/** What an engine that is not enabled can do. */
const NO_CAPABILITIES: EngineCapabilities = {
  chosenMessageIds: false,
  linking: [],
  parallelFiles: false,
  simulated: false,
  operations: [],
  events: [],
};

/** Whether it counts against `maxSessions`. */
export function countsTowardLimit({ wanted, supervised }: SessionEntry): boolean {
  const machine = supervised?.supervisor.machine;
  return wanted && machine?.state !== 'logged_out' && machine?.refused !== true;
}

export function viewOf(entry: SessionEntry): SessionView {
  const { simulated, ...capabilities } = entry.supervised?.factory.capabilities ?? NO_CAPABILITIES;
  return {
    name: entry.name,
    engine: entry.engine,
    simulated,
    proxy: shownProxy(entry.proxy),
    settings: shownSettings(entry.settings),
    capabilities,
    ...stateOf(entry),
  };
}

function stateOf({
  supervised,
  engine,
  addedAt,
}: SessionEntry): Pick<SessionView, 'state' | 'reason' | 'since' | 'self' | 'degraded'> {
  if (!supervised) {
    const reason = `the engine ${engine} is not enabled on this bridge`;
    return { state: 'failed', reason, since: addedAt, self: null, degraded: null };
  }
  const { machine, since, self } = supervised.supervisor;
  const { state, reason, degraded } = machine;
  return { state, reason, since, self, degraded };
}

export async function healthOf(entry: SessionEntry): Promise<SessionHealth> {
  const { checks } = (await entry.supervised?.supervisor.health()) ?? { checks: [] };
  const { state, reason, degraded } = viewOf(entry);
  const works = state === 'ready' && degraded === null;
  const own = works ? 'it is connected and works' : (degraded ?? `it is ${state}: ${reason}`);
  const session = { name: 'session', state: works ? 'ok' : 'failed', detail: own } as const;
  return { healthy: works && checks.every((check) => check.state !== 'failed'), checks: [session, ...checks] };
}
