/** The engines, and the simulated network behind the sandbox. */
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import { browserFlagsOf, type Settings } from '../config/settings.ts';
import { WabError } from '../contract/errors.ts';
import type { EngineFactory } from '../engine/engine.ts';
import { LocalNetwork } from '../engine/sandbox/local-network.ts';
import { RemoteNetwork } from '../engine/sandbox/remote-network.ts';
import { SandboxFaults } from '../engine/sandbox/sandbox-contract.ts';
import { SandboxEngineFactory } from '../engine/sandbox/sandbox-factory.ts';
import type { StoredProfiles } from '../engine/webjs/login/stored/stored-profiles.ts';
import { systemClock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import type { Metrics } from '../ops/metrics.ts';

export type SandboxNetwork = LocalNetwork | RemoteNetwork;

/** The network, or null if the sandbox is not enabled. @throws WabError WAB_CONFIG_INVALID */
export function sandboxNetwork(settings: Settings): SandboxNetwork | null {
  if (!settings.engines.includes('sandbox')) return null;
  if (settings.sandboxNetworkUrl !== undefined) return new RemoteNetwork(settings.sandboxNetworkUrl);
  return new LocalNetwork({
    folder: join(settings.dataDir, 'sandbox'),
    autoLink: settings.sandboxAutoLink,
    ...(settings.sandboxFaults === undefined ? {} : { faults: parseFaults(settings.sandboxFaults) }),
  });
}

function parseFaults(text: string): SandboxFaults {
  try {
    const faults: unknown = JSON.parse(text);
    if (Compile(SandboxFaults).Check(faults)) return faults;
  } catch {
    // Told below.
  }
  throw new WabError('WAB_CONFIG_INVALID', {
    reason:
      'WABRIDGE_SANDBOX_FAULTS is not a valid set of faults. Write, for example, {"answerLost":{"count":1}}; `wabridge sandbox fault --help` lists the faults',
  });
}

/** The engines that the settings enable. @param profiles where logins are kept for other machines; null if they are not */
export async function engineFactories(
  settings: Settings,
  network: SandboxNetwork | null,
  metrics: Pick<Metrics, 'sessionProbed' | 'sessionMemory'>,
  log: Log,
  profiles: StoredProfiles | null,
): Promise<readonly EngineFactory[]> {
  const factories: EngineFactory[] = [];
  if (settings.engines.includes('webjs')) {
    // Loaded only if it is wanted: it brings Puppeteer along.
    const [{ WebjsFactory }, { DEADLINES }] = await Promise.all([
      import('../engine/webjs/webjs.ts'),
      import('../engine/webjs/deadlines.ts'),
    ]);
    factories.push(
      new WebjsFactory(
        {
          browserPath: settings.browserPath,
          browserArgs: browserFlagsOf(settings),
          onProbe: (probe, outcome) => metrics.sessionProbed(probe, outcome),
          memory: { ceilingBytes: settings.sessionMemoryMaxBytes },
        },
        systemClock,
        log,
        DEADLINES,
        (session, bytes) => metrics.sessionMemory(session, bytes),
        profiles,
      ),
    );
  }
  if (network !== null) factories.push(new SandboxEngineFactory(network));
  return factories;
}
