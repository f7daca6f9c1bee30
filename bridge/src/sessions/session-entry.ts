/** A session as the registry keeps it, and as others see it. */
import type { SessionName } from '../contract/ids.ts';
import type { EngineName } from '../contract/engines.ts';
import type { SessionHealth, SessionView } from '../contract/views/session.ts';
import type { EngineCapabilities, EngineFactory } from '../engine/engine.ts';
import type { SessionRow } from '../store/sessions.repository.ts';
import { shownProxy, type StoredProxy } from './session-proxy.ts';
import type { SupervisedSession } from './supervised-session.ts';
import type { Supervisor } from './supervisor.ts';

/** A session of an enabled engine. */
interface Supervised {
  readonly factory: EngineFactory;
  readonly supervisor: Supervisor;
}

export interface SessionEntry {
  readonly name: SessionName;
  readonly engine: EngineName;
  /** Null if its engine is not enabled on this bridge. */
  readonly supervised: Supervised | null;
  readonly addedAt: string;
  /** As it was when the session was read. */
  readonly placement: Placement;
  proxy: StoredProxy;
  /** Whether it takes one of the places that `maxSessions` counts. */
  wanted: boolean;
  deleting: boolean;
}

/** What is remembered of a session. */
export type Row = Pick<
  SessionRow,
  'engine' | 'desired' | 'self' | 'account' | 'login' | 'refusal' | 'proxy' | 'proxy_login' | 'created_at'
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
const NO_CAPABILITIES: EngineCapabilities = { chosenMessageIds: false, operations: [] };

/** Whether it counts against `maxSessions`. */
export function countsTowardLimit({ wanted, supervised }: SessionEntry): boolean {
  const machine = supervised?.supervisor.machine;
  return wanted && machine?.state !== 'logged_out' && machine?.refused !== true;
}

export function viewOf(entry: SessionEntry): SessionView {
  const common = {
    name: entry.name,
    engine: entry.engine,
    simulated: entry.engine === 'sandbox',
    proxy: shownProxy(entry.proxy),
  };
  if (!entry.supervised) {
    const reason = `the engine ${entry.engine} is not enabled on this bridge`;
    return {
      ...common,
      state: 'failed',
      reason,
      since: entry.addedAt,
      self: null,
      degraded: null,
      capabilities: NO_CAPABILITIES,
    };
  }
  const { supervisor, factory } = entry.supervised;
  const { state, reason, degraded } = supervisor.machine;
  return {
    ...common,
    state,
    reason,
    since: supervisor.since,
    self: supervisor.self,
    degraded,
    capabilities: factory.capabilities,
  };
}

export async function healthOf(entry: SessionEntry): Promise<SessionHealth> {
  const { checks } = (await entry.supervised?.supervisor.health()) ?? { checks: [] };
  const { state, reason, degraded } = viewOf(entry);
  const works = state === 'ready' && degraded === null;
  const own = works ? 'it is connected and works' : (degraded ?? `it is ${state}: ${reason}`);
  const session = { name: 'session', state: works ? 'ok' : 'failed', detail: own } as const;
  return { healthy: works && checks.every((check) => check.state !== 'failed'), checks: [session, ...checks] };
}
