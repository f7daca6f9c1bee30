/**
 * One run of the engine, from its start to its end: what the rooms beside this file have of it. `create-engine-run.ts`
 * creates and connects them, and `run-events.ts` says what happens in a run.
 */
import type { Address } from '../../contract/address.ts';
import type { Clock } from '../../ops/clock.ts';
import type { Log } from '../../ops/logger.ts';
import type { EngineListener } from '../engine.ts';
import type { BrowserRun } from './browser/browser-run.ts';
import type { RunListener } from './browser/run-listener.ts';
import type { Deadlines } from './deadlines.ts';
import type { Health, HealthDependencies, HealthHistory } from './health/health.ts';
import type { MissedMessageCheck } from './health/missed-message-check.ts';
import type { AddressBook } from './inbound/address-book.ts';
import type { CatchUp } from './inbound/catch-up.ts';
import type { FactReporter } from './inbound/fact-reporter.ts';
import type { InboundMessages } from './inbound/inbound-messages.ts';
import type { MediaDownloads } from './inbound/media-download.ts';
import type { Receipts } from './inbound/receipts.ts';
import type { Undecrypted } from './inbound/undecrypted.ts';
import type { Login } from './login/login.ts';
import type { Profile, Progress } from './login/profile.ts';
import type { ProgressSaver } from './login/progress-saver.ts';
import type { ServerClock } from './login/server-clock.ts';
import type { SendFailures } from './outbound/send-failures.ts';
import type { SendStatusReader } from './outbound/send-status.ts';
import type { Sender } from './outbound/sender.ts';

export interface EngineRun {
  readonly browser: BrowserRun;
  readonly facts: FactReporter;
  readonly inbound: InboundMessages;
  readonly sender: Sender;
  readonly downloads: MediaDownloads;
  readonly sendStatus: SendStatusReader;
  readonly addresses: AddressBook;
  readonly login: Login;
  readonly catchUp: CatchUp;
  readonly progress: ProgressSaver;
  readonly health: Health;
  readonly sendFailures: SendFailures;
  readonly undecrypted: Undecrypted;
  readonly receipts: Receipts;
  readonly serverClock: ServerClock;
  readonly missedMessages: MissedMessageCheck;
  /** Aborted once this run is over. */
  readonly stopped: AbortController;
  /** The linked account, once it is known. */
  self: Address | null;
  /** The load of the page that was ready last; null until one was. */
  document: string | null;
}

export interface EngineRunDependencies {
  readonly profile: Profile;
  readonly progress: Progress;
  readonly makeRun: (listener: RunListener) => BrowserRun;
  readonly listener: EngineListener;
  readonly ended: RunListener['ended'];
  readonly history: HealthHistory;
  readonly count: HealthDependencies['count'];
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly log: Log;
}
