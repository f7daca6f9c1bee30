/** A session as the registry holds it, and as others see it. */
import type { SessionName } from '../contract/ids.ts';
import type { EngineCapabilities, EngineFactory, EngineName } from '../engine/engine.ts';
import type { SessionRow } from '../store/sessions.repository.ts';
import { shownProxy, type StoredProxy } from './session-proxy.ts';
import type { SessionView } from './sessions.ts';
import type { SupervisedSession, Supervisor } from './supervisor.ts';

/** A session of an enabled engine. */
interface Supervised {
  readonly factory: EngineFactory;
  readonly supervisor: Supervisor;
}

export interface Held {
  readonly name: SessionName;
  readonly engine: EngineName;
  /** Null where its engine is not enabled on this bridge. */
  readonly supervised: Supervised | null;
  readonly addedAt: string;
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

/** @param full whether all places were taken when it was to be restored */
export function restOf({ desired, refusal }: Row, full: boolean): SupervisedSession['rest'] {
  if (desired === 'refused') return { state: 'failed', reason: refusal ?? 'WhatsApp refuses this account' };
  if (desired === 'logged_out') return { state: 'logged_out', reason: 'the account was unlinked' };
  if (desired === 'running' && full)
    return {
      state: 'stopped',
      reason: 'this bridge has reached maxSessions, and this session is newer than the others',
    };
  return { state: 'stopped', reason: 'it was stopped' };
}

/** What an engine that is not enabled can do. */
export const NOTHING: EngineCapabilities = { chosenMessageIds: false, operations: [] };

/** Whether it counts against `maxSessions`. */
export function takesPlace({ wanted, supervised }: Held): boolean {
  const machine = supervised?.supervisor.machine;
  return wanted && machine?.state !== 'logged_out' && machine?.refused !== true;
}

export function viewOf(held: Held): SessionView {
  const common = {
    name: held.name,
    engine: held.engine,
    simulated: held.engine === 'sandbox',
    proxy: shownProxy(held.proxy),
  };
  if (!held.supervised) {
    const reason = `the engine ${held.engine} is not enabled on this bridge`;
    return {
      ...common,
      state: 'failed',
      reason,
      since: held.addedAt,
      self: null,
      degraded: null,
      capabilities: NOTHING,
    };
  }
  const { supervisor, factory } = held.supervised;
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
