/** Carries out what a plan does. The bridge is up, and the fault healed, when the promise resolves. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Servers } from '../servers/backends.ts';
import { SERVER_FAULTS } from '../servers/server-faults.ts';
import type { FaultKind, PlannedFault } from './plan.ts';
import type { SupervisedBridge } from './supervised-bridge.ts';

interface Victims {
  readonly bridge: SupervisedBridge;
  /** Null where the backend has none; the plan names no fault of them then. */
  readonly servers: Servers | null;
}

export async function carryOut({ kind, holdMs }: PlannedFault, victims: Victims): Promise<void> {
  await carryOutKind(kind, holdMs, victims);
  await victims.bridge.ensureUp();
}

async function carryOutKind(kind: FaultKind, holdMs: number, { bridge, servers }: Victims): Promise<void> {
  if (kind === 'kill bridge') return bridge.kill();
  if (kind === 'kill bridge during its start') {
    await bridge.kill();
    return whileStarting(bridge, holdMs, () => bridge.kill());
  }
  if (servers === null) throw new Error(`the plan has the fault "${kind}", and this backend has no servers`);
  if (kind === 'kill bridge and PostgreSQL') {
    await Promise.all([bridge.kill(), servers.postgres.kill()]);
    return whileStarting(bridge, holdMs, () => servers.postgres.restart());
  }
  return SERVER_FAULTS[kind](servers, holdMs);
}

/** Starts the bridge and does something so many milliseconds later, whether it is up by then or not. */
async function whileStarting(bridge: SupervisedBridge, ms: number, act: () => Promise<void>): Promise<void> {
  const starting = bridge.ensureUp();
  // Told below.
  starting.catch(() => undefined);
  await wait(ms);
  await act();
  await starting;
}
