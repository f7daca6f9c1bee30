/** What carries out the operations of the catalogue: one handler each, by resource. */
import type { Keys } from '../auth/keys.ts';
import type { SettingList } from '../contract/views/setting.ts';
import type { EventLog } from '../events/event-log.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Stream } from '../stream/stream.ts';
import { deadLetterHandlers } from './dead-letters.ts';
import { eventHandlers } from './events.ts';
import { directHandlers, sendHandlers } from './engine-operations.ts';
import type { Handlers } from './handler.ts';
import { keyHandlers } from './keys.ts';
import { outboxHandlers } from './outbox-messages.ts';
import { sessionHandlers } from './sessions.ts';
import { settingHandlers } from './settings.ts';
import { subscriptionHandlers } from './subscriptions.ts';
import { whoamiHandlers, type WhoamiDependencies } from './whoami.ts';

/** What the handlers do their work with. */
export interface OperationDependencies extends WhoamiDependencies {
  readonly eventLog: EventLog;
  readonly keys: Keys;
  readonly outbox: Outbox;
  readonly sessions: Sessions;
  /** The settings as they are in force. */
  readonly settings: () => SettingList;
  readonly stream: Stream;
}

/** All handlers; an operation without one does not compile. */
export const operationHandlers = (deps: OperationDependencies): Handlers => ({
  ...sendHandlers(deps.outbox),
  ...directHandlers(deps.sessions),
  ...deadLetterHandlers(deps.stream),
  ...eventHandlers(deps.eventLog),
  ...keyHandlers(deps.keys),
  ...outboxHandlers(deps.outbox),
  ...sessionHandlers(deps.sessions),
  ...settingHandlers(deps.settings),
  ...subscriptionHandlers(deps.stream),
  ...whoamiHandlers(deps),
});
