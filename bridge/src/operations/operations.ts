/** What carries out the operations of the catalogue: one handler each, by resource. */
import type { Keys } from '../auth/keys.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Stream } from '../stream/stream.ts';
import { deadLetterHandlers } from './dead-letters.ts';
import type { Handlers } from './handler.ts';
import { keyHandlers } from './keys.ts';
import { sessionHandlers } from './sessions.ts';
import { subscriptionHandlers } from './subscriptions.ts';
import { whoamiHandlers, type WhoamiDependencies } from './whoami.ts';

/** What the handlers do their work with. */
export interface OperationDependencies extends WhoamiDependencies {
  readonly keys: Keys;
  readonly sessions: Sessions;
  readonly stream: Stream;
}

/** All handlers; an operation without one does not compile. */
export const operationHandlers = (deps: OperationDependencies): Handlers => ({
  ...deadLetterHandlers(deps.stream),
  ...keyHandlers(deps.keys),
  ...sessionHandlers(deps.sessions),
  ...subscriptionHandlers(deps.stream),
  ...whoamiHandlers(deps),
});
