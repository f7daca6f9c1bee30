/** Lets drivers at sandbox sessions only: the others have no simulated phone. */
import { WabError } from '../../contract/errors.ts';
import type { SessionName } from '../../contract/ids.ts';
import type { DriverArguments, DriverOperationId, DriverResult, SandboxDriver } from './driver/driver.ts';

/** What the guard asks the sessions. */
interface SessionLookup {
  /** @throws WabError WAB_SESSION_NOT_FOUND */
  get(name: SessionName): { readonly engine: string };
}

export class GuardedSandboxDriver implements SandboxDriver {
  readonly #sessions: SessionLookup;
  readonly #network: SandboxDriver;

  constructor(sessions: SessionLookup, network: SandboxDriver) {
    this.#sessions = sessions;
    this.#network = network;
  }

  /** @throws WabError also WAB_SESSION_NOT_FOUND and WAB_SANDBOX_ONLY */
  async drive<Id extends DriverOperationId>(
    id: Id,
    session: SessionName,
    ...input: DriverArguments<Id>
  ): Promise<DriverResult<Id>> {
    const { engine } = this.#sessions.get(session);
    if (engine !== 'sandbox') throw new WabError('WAB_SANDBOX_ONLY', { session, engine });
    return this.#network.drive(id, session, ...input);
  }
}
