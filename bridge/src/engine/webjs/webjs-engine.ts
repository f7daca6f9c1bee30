/** One session on whatsapp-web.js: the engine's operations, carried out by the parts that `create-engine-run.ts` connects. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Address } from '../../contract/address.ts';
import type { ChatId, MessageId } from '../../contract/ids.ts';
import type { Proxy } from '../../contract/proxy.ts';
import type { Clock } from '../../ops/clock.ts';
import { within } from '../../ops/deadline.ts';
import type { Log } from '../../ops/logger.ts';
import {
  type Engine,
  type EngineCapabilities,
  EngineError,
  type EngineHealth,
  type EngineListener,
  type EngineSignal,
  type PairingCode,
  type SendStatus,
} from '../engine.ts';
import { eventTypesOf } from '../engine-events.ts';
import type { EngineInput, EngineResult } from '../engine-operations.ts';
import { engineOperation, type EngineOperationId } from '../../contract/operations/by-carrier.ts';
import { chatKindOf, messageIdOf } from '../../contract/whatsapp-id.ts';
import { findBrowser, sandboxWarning } from './browser/browser-finder.ts';
import { BrowserRun } from './browser/browser-run.ts';
import type { RunEnd } from './browser/run-listener.ts';
import { knownChat } from './outbound/known-chat.ts';
import { WEBJS_OPERATIONS } from './operations/operations.ts';
import { createClient } from './browser/client-factory.ts';
import { type Deadlines, TransportError } from './deadlines.ts';
import type { CheckName } from './health/examination.ts';
import type { HealthHistory } from './health/health.ts';
import { healthReport, NO_BROWSER } from './health/health-report.ts';
import { createEngineRun } from './create-engine-run.ts';
import type { EngineRun } from './engine-run.ts';
import { REPORTED_EVENTS } from './inbound/events.generated.ts';
import { MEMORY_LIMITS, memoryCheck, type MemoryLimits, MemoryWatch } from './browser/memory-watch.ts';
import { logOut } from './page/page-functions.ts';
import { describe } from './page/page-reason.ts';
import { Profile } from './login/profile.ts';
import { progressSoFar } from './login/progress-saver.ts';
import { openProfile } from './login/stored/open-profile.ts';
import type { StoredProfile } from './login/stored/stored-profile.ts';
import type { ProbeOutcome } from './health/probes.ts';
import { SendGate } from './outbound/send-gate.ts';
import { newStanzaId } from './outbound/sender.ts';

export interface WebjsSettings {
  /** The setting `browserPath`. */
  readonly browserPath?: string | undefined;
  /** More flags for the browser. */
  readonly browserArgs?: readonly string[];
  /** The session's own; everything goes through it. */
  readonly proxy?: Proxy;
  /** When a browser has grown too much; the defaults are `MEMORY_LIMITS`. */
  readonly memory?: Partial<MemoryLimits>;
  /** Called with the memory that the browser uses, in bytes, after each check; null once it has ended. */
  readonly onMemory?: (bytes: number | null) => void;
  /** Called with the outcome of each probe of a session's health. */
  readonly onProbe?: (probe: CheckName, outcome: ProbeOutcome) => void;
}

export const WEBJS_CAPABILITIES: EngineCapabilities = {
  chosenMessageIds: true,
  linking: ['qr', 'pairing_code'],
  parallelFiles: false,
  simulated: false,
  operations: WEBJS_OPERATIONS.ids,
  events: eventTypesOf(REPORTED_EVENTS),
};

export class WebjsEngine implements Engine {
  readonly name = 'webjs';
  readonly capabilities = WEBJS_CAPABILITIES;
  readonly #profile: Profile;
  /** The copy of the profile in the profile store; null without one. */
  readonly #stored: StoredProfile | null;
  readonly #listener: EngineListener;
  readonly #settings: WebjsSettings;
  readonly #deadlines: Deadlines;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #history: HealthHistory;
  readonly #memory: MemoryWatch;
  #run: EngineRun | null = null;
  #gate = new SendGate();
  /** Starts and ends are carried out one after another. */
  #turns: Promise<void> = Promise.resolve();
  /** The last run that ended because its account was unlinked. */
  #unlinked: EngineRun | null = null;
  /** The run that is being logged out: that its page no longer has a message proves nothing. */
  #loggingOut: EngineRun | null = null;

  constructor(
    profileDir: string,
    listener: EngineListener,
    settings: WebjsSettings,
    deadlines: Deadlines,
    clock: Clock,
    log: Log,
    history: HealthHistory,
    stored: StoredProfile | null = null,
  ) {
    this.#profile = new Profile(profileDir);
    this.#stored = stored;
    this.#listener = listener;
    this.#settings = settings;
    this.#deadlines = deadlines;
    this.#clock = clock;
    this.#log = log;
    this.#history = history;
    this.#memory = new MemoryWatch({
      pid: () => this.#run?.browser.pid ?? null,
      settled: () => this.#run?.browser.isReady === true && !this.#run.facts.holding,
      renew: (reason) => void this.#renew(reason),
      measured: settings.onMemory ?? (() => undefined),
      limits: { ...MEMORY_LIMITS, ...settings.memory },
      clock,
      log,
    });
  }

  start(): Promise<void> {
    const begun = this.#turns.then(() => this.#begin());
    this.#turns = begun.catch(() => undefined);
    return begun;
  }

  async #begin(): Promise<void> {
    if (this.#run) return;
    const browser = findBrowser(this.#settings.browserPath);
    const warning = sandboxWarning();
    if (warning !== null) this.#log.warn({ browser: browser.path }, warning);
    await openProfile(this.#profile, this.#stored);
    const run: EngineRun = createEngineRun({
      profile: this.#profile,
      progress: await progressSoFar(this.#profile, this.#clock),
      makeRun: (listener) => {
        const makeClient: ConstructorParameters<typeof BrowserRun>[0] = (onBrowser, launch) =>
          createClient({
            browser,
            folder: this.#profile.folder,
            extraArgs: this.#settings.browserArgs ?? [],
            proxy: this.#settings.proxy ?? null,
            deadlines: this.#deadlines,
            onBrowser,
            launch,
          });
        return new BrowserRun(makeClient, listener, this.#deadlines, this.#clock, this.#log);
      },
      listener: {
        fact: (fact) => this.#listener.fact(fact),
        signal: (signal) => {
          if (this.#run === run) this.#listener.signal(signal);
        },
      },
      ended: (how, reason, retryAfterMs) => this.#onEnded(run, how, reason, retryAfterMs),
      history: this.#history,
      count: this.#settings.onProbe ?? (() => undefined),
      deadlines: this.#deadlines,
      clock: this.#clock,
      log: this.#log,
    });
    this.#run = run;
    this.#gate = new SendGate();
    run.browser.begin();
    void run.progress.run(run.stopped.signal);
    void run.undecrypted.watch();
    void run.receipts.watch();
    void run.health.run(run.stopped.signal);
    void this.#memory.run(run.stopped.signal);
    this.#stored?.watch(run.stopped.signal, {
      isQuiet: () => run.browser.isReady && !run.facts.holding,
      lost: (reason) => this.#onEnded(run, 'crashed', reason),
    });
  }

  async stop(): Promise<void> {
    await this.#end('the session was stopped', 'archive');
  }

  async logout(): Promise<void> {
    const run = this.#run;
    this.#loggingOut = run;
    try {
      if (run) await run.browser.page.call(logOut, this.#deadlines.call);
    } catch (error) {
      // As long as WhatsApp may hold the device for linked, its login state is kept.
      if (!run || !(await this.#isUnlinked(run, error))) {
        this.#loggingOut = null;
        throw error;
      }
    }
    await this.#end('the session was logged out', 'wipe');
  }

  async requestPairingCode(phone: string): Promise<PairingCode> {
    if (!this.#run) throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the session does not run');
    return this.#run.login.requestPairingCode(phone);
  }

  async resolveChat(chatId: ChatId): Promise<Address> {
    const run = this.#needReady();
    const known = await run.sendFailures.counted(chatId, () => knownChat(run.browser.page, this.#deadlines, chatId));
    return run.addresses.find(known);
  }

  chooseMessageId(chatId: ChatId): MessageId {
    const self = this.#run?.self ?? null;
    const member = this.#run?.addresses.usesLids(chatId) ? self?.lid : self?.chatId;
    return messageIdOf(
      true,
      chatId,
      newStanzaId(),
      chatKindOf(chatId) === 'group' ? (member as ChatId | undefined) : undefined,
    );
  }

  async perform<Id extends EngineOperationId>(
    id: Id,
    input: EngineInput<Id>,
    messageId: MessageId | null = null,
  ): Promise<EngineResult<Id>> {
    const { via } = engineOperation(id);
    const carryOut = ({ browser, sender }: EngineRun): Promise<EngineResult<Id>> =>
      WEBJS_OPERATIONS.carryOut({ page: browser.page, sender, deadlines: this.#deadlines }, id, input, messageId);
    if (!('outbox' in via)) return carryOut(this.#needReady());
    // What a busy page is given now would be cut off by its deadline and be in doubt.
    if (this.#run && this.#run.browser.liveness.page !== 'answers')
      throw new EngineError(
        'defer',
        'WAB_SESSION_NOT_READY',
        'WhatsApp Web is busy; the message is sent once it responds',
      );
    const run = this.#needReady();
    const receipt = await this.#gate.pass(() =>
      run.sendFailures.counted(messageId ?? input.chatId, () => carryOut(run)),
    );
    // What is no message does not count when it fails, so one that works says nothing of messages.
    if (via.outbox === 'tracked') run.sendFailures.worked();
    return receipt;
  }

  async sendStatusOf(messageId: MessageId, chatId: ChatId): Promise<SendStatus> {
    const run = this.#needReady();
    if (run === this.#loggingOut)
      throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the account is being unlinked');
    return run.sendStatus.of(messageId, chatId);
  }

  async health(): Promise<EngineHealth> {
    if (!this.#run) return NO_BROWSER;
    const { browser, health } = this.#run;
    const { isReady, liveness, lastReceivedAt } = browser;
    const { checks } = healthReport({
      isReady,
      liveness,
      lastReceivedAt,
      health: health.view,
      now: this.#clock.elapsed(),
    });
    return { checks: [...checks, memoryCheck(this.#memory)] };
  }

  async downloadMedia(messageId: MessageId, limitBytes: number): Promise<Readable> {
    return this.#needReady().downloads.download(messageId, limitBytes);
  }

  #needReady(): EngineRun {
    if (!this.#run?.browser.isReady)
      throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the session is not connected');
    return this.#run;
  }

  /** Unlinking reloads the page, which can cut off its own answer: the library says a moment later that it worked. */
  async #isUnlinked(run: EngineRun, error: unknown): Promise<boolean> {
    const { signal } = run.stopped;
    if (!signal.aborted && !(error instanceof TransportError && error.late))
      await within(once(signal, 'abort'), this.#deadlines.close, 'the end of the page').catch(() => undefined);
    return this.#unlinked === run;
  }

  #onEnded(run: EngineRun, how: RunEnd, reason: string, retryAfterMs?: number): void {
    if (this.#run !== run) return;
    if (how === 'logged_out') this.#unlinked = run;
    // The browser of an unlinked account shows a new code whose login would not be kept: it must go first.
    const signal: EngineSignal =
      how === 'crashed' && retryAfterMs !== undefined ? { kind: how, reason, retryAfterMs } : { kind: how, reason };
    void this.#end(reason, how === 'logged_out' ? 'wipe' : 'keep').then(() => this.#listener.signal(signal));
  }

  /**
   * Exchanges the browser of a session that works. What is being sent comes back first, what was received is recorded,
   * and nothing new begins; the session is told to be interrupted, and is ready again in a moment.
   */
  async #renew(reason: string): Promise<void> {
    const run = this.#run;
    if (!run) return;
    const { media, ack, close } = this.#deadlines;
    const unless = (error: unknown): void => this.#log.warn({ reason: describe(error) }, 'the restart does not wait');
    await within(this.#gate.close(reason), media + ack, 'sends in progress').catch(unless);
    if (this.#run !== run) return;
    this.#listener.signal({ kind: 'interrupted', reason });
    await within(run.facts.drained(), close, 'recording received events').catch(unless);
    if (this.#run !== run) return;
    void this.#end(reason);
    await this.start().catch((error) => this.#listener.signal({ kind: 'crashed', reason: describe(error) }));
  }

  /** @param login what becomes of it: it is kept, also in the profile store, or removed */
  #end(reason: string, login: 'keep' | 'archive' | 'wipe' = 'keep'): Promise<void> {
    this.#stored?.abandon();
    const run = this.#release();
    this.#turns = this.#turns.then(async () => {
      // A start that had its turn meanwhile is meant too.
      for (const each of [run, this.#release()]) await this.#close(each, reason, login);
    });
    return this.#turns;
  }

  #release(): EngineRun | null {
    const run = this.#run;
    this.#run = null;
    run?.stopped.abort();
    run?.login.end();
    return run;
  }

  async #close(run: EngineRun | null, reason: string, login: 'keep' | 'archive' | 'wipe'): Promise<void> {
    if (!run) return;
    try {
      run.sender.abandon(reason);
      await within(run.facts.stop(), this.#deadlines.close, 'the last report').catch(() => undefined);
      await run.browser.close();
      await this.#profile.unlockBrowser();
      if (login === 'wipe') await this.#profile.wipe();
      else await run.progress.save();
      if (login === 'wipe') await this.#stored?.discard();
      if (login === 'archive') await this.#stored?.close();
    } catch (error) {
      this.#log.error({ reason: describe(error) }, 'the session did not end cleanly');
    } finally {
      this.#profile.close();
    }
  }
}
