/** One session on whatsapp-web.js: the engine's operations, carried out by the parts that `live.ts` joins. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Address } from '../../contract/address.ts';
import type { TypingState } from '../../contract/chats.ts';
import type { ChatId, WireId } from '../../contract/ids.ts';
import type { Proxy } from '../../contract/proxy.ts';
import type { Clock } from '../../ops/clock.ts';
import type { Log } from '../../ops/logger.ts';
import {
  type Engine,
  type EngineCapabilities,
  EngineError,
  type EngineHealth,
  type EngineListener,
  type EngineSend,
  type EngineSignal,
  type PairingCode,
  type SendFate,
  type SendReceipt,
} from '../engine.ts';
import { chatKindOf, wireIdOf } from '../../contract/whatsapp-id.ts';
import { findBrowser, sandboxWarning } from './browser/browser-finder.ts';
import { BrowserRun, type RunEnd } from './browser/browser-run.ts';
import { knownChat, markSeen, react, setTyping } from './sending/chat-acts.ts';
import { createClient } from './browser/client-factory.ts';
import { type Deadlines, TransportError, within } from './deadlines.ts';
import type { Examined } from './health/examination.ts';
import type { HealthHistory } from './health/health.ts';
import { healthReport, NO_BROWSER } from './health/health-report.ts';
import { assembleLive, type Live } from './live.ts';
import { MEMORY_LIMITS, memoryCheck, type MemoryLimits, MemoryWatch } from './browser/memory-watch.ts';
import { logOut } from './page/page-functions.ts';
import { describe } from './page/page-reason.ts';
import { Profile } from './login/profile.ts';
import { progressSoFar } from './login/progress-keeper.ts';
import type { ProbeOutcome } from './health/probes.ts';
import { SendGate } from './sending/send-gate.ts';
import { newStanzaId } from './sending/sender.ts';

export interface WebjsSettings {
  /** The setting `browserPath`. */
  readonly browserPath?: string | undefined;
  /** More flags for the browser. */
  readonly browserArgs?: readonly string[];
  /** The session's own; everything goes through it. */
  readonly proxy?: Proxy;
  /** When a browser has grown too much; the defaults are `MEMORY_LIMITS`. */
  readonly memory?: Partial<MemoryLimits>;
  /** Told what the browser uses, in bytes, after each look; null once it has ended. */
  readonly onMemory?: (bytes: number | null) => void;
  /** Told the outcome of each probe of a session's health. */
  readonly onProbe?: (probe: Examined, outcome: ProbeOutcome) => void;
}

export const WEBJS_CAPABILITIES: EngineCapabilities = {
  chosenMessageIds: true,
  operations: ['text', 'image', 'video', 'audio', 'document', 'reaction'],
};

export class WebjsEngine implements Engine {
  readonly name = 'webjs';
  readonly capabilities = WEBJS_CAPABILITIES;
  readonly #profile: Profile;
  readonly #listener: EngineListener;
  readonly #settings: WebjsSettings;
  readonly #deadlines: Deadlines;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #history: HealthHistory;
  readonly #memory: MemoryWatch;
  #live: Live | null = null;
  #gate = new SendGate();
  /** Starts and ends are carried out one after another. */
  #turns: Promise<void> = Promise.resolve();
  /** The last life that ended because its account was unlinked. */
  #unlinked: Live | null = null;
  /** The life that is being logged out: what its page does not have any more says nothing. */
  #loggingOut: Live | null = null;

  constructor(
    profileDir: string,
    listener: EngineListener,
    settings: WebjsSettings,
    deadlines: Deadlines,
    clock: Clock,
    log: Log,
    history: HealthHistory,
  ) {
    this.#profile = new Profile(profileDir);
    this.#listener = listener;
    this.#settings = settings;
    this.#deadlines = deadlines;
    this.#clock = clock;
    this.#log = log;
    this.#history = history;
    this.#memory = new MemoryWatch({
      pid: () => this.#live?.run.pid ?? null,
      settled: () => this.#live?.run.isReady === true && !this.#live.facts.holding,
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
    if (this.#live) return;
    const browser = findBrowser(this.#settings.browserPath);
    const warning = sandboxWarning();
    if (warning !== null) this.#log.warn({ browser: browser.path }, warning);
    await this.#profile.open();
    const live: Live = assembleLive({
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
          if (this.#live === live) this.#listener.signal(signal);
        },
      },
      ended: (how, reason, retryAfterMs) => this.#onEnded(live, how, reason, retryAfterMs),
      history: this.#history,
      count: this.#settings.onProbe ?? (() => undefined),
      deadlines: this.#deadlines,
      clock: this.#clock,
      log: this.#log,
    });
    this.#live = live;
    this.#gate = new SendGate();
    live.run.begin();
    void live.progress.keep(live.stopped.signal);
    void live.undecrypted.watch();
    void live.receipts.watch();
    void live.health.keep(live.stopped.signal);
    void this.#memory.keep(live.stopped.signal);
  }

  async stop(): Promise<void> {
    await this.#end('the session was stopped');
  }

  async logout(): Promise<void> {
    const live = this.#live;
    this.#loggingOut = live;
    try {
      if (live) await live.run.page.call(logOut, this.#deadlines.call);
    } catch (error) {
      // As long as WhatsApp may hold the device for linked, its login state is kept.
      if (!live || !(await this.#isUnlinked(live, error))) {
        this.#loggingOut = null;
        throw error;
      }
    }
    await this.#end('the session was logged out', true);
  }

  async requestPairingCode(phone: string): Promise<PairingCode> {
    if (!this.#live) throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the session does not run');
    return this.#live.login.requestPairingCode(phone);
  }

  async resolveChat(chatId: ChatId): Promise<Address> {
    const live = this.#needReady();
    const known = await live.sendFailures.counted(chatId, () => knownChat(live.run.page, this.#deadlines, chatId));
    return live.addresses.find(known);
  }

  chooseWireId(chatId: ChatId): WireId {
    const self = this.#live?.self ?? null;
    const member = this.#live?.addresses.usesLids(chatId) ? self?.lid : self?.chatId;
    return wireIdOf(
      true,
      chatId,
      newStanzaId(),
      chatKindOf(chatId) === 'group' ? (member as ChatId | undefined) : undefined,
    );
  }

  async send(message: EngineSend, wireId: WireId | null): Promise<SendReceipt> {
    // What a busy page is given now would be cut off by its deadline and be in doubt.
    if (this.#live && this.#live.run.liveness.page !== 'answers')
      throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'WhatsApp Web is busy; the answer comes later');
    const live = this.#needReady();
    const { run, sender, sendFailures } = live;
    const of = message.type === 'reaction' ? message.targetWireId : (wireId ?? message.chatId);
    const receipt = await this.#gate.pass(() =>
      sendFailures.counted(of, () =>
        message.type === 'reaction' ? react(run.page, this.#deadlines, message) : sender.send(message, wireId),
      ),
    );
    sendFailures.worked();
    return receipt;
  }

  async markSeen(chatId: ChatId): Promise<void> {
    await markSeen(this.#needReady().run.page, this.#deadlines, chatId);
  }

  async setTyping(chatId: ChatId, state: TypingState): Promise<void> {
    await setTyping(this.#needReady().run.page, this.#deadlines, chatId, state);
  }

  async fateOf(wireId: WireId, chatId: ChatId): Promise<SendFate> {
    const live = this.#needReady();
    if (live === this.#loggingOut)
      throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the account is being unlinked');
    return live.fates.of(wireId, chatId);
  }

  async health(): Promise<EngineHealth> {
    if (!this.#live) return NO_BROWSER;
    const { run, health } = this.#live;
    const { isReady, liveness, heardAt } = run;
    const { checks } = healthReport({ isReady, liveness, heardAt, health: health.view, now: this.#clock.elapsed() });
    return { checks: [...checks, memoryCheck(this.#memory)] };
  }

  async downloadMedia(wireId: WireId, limitBytes: number): Promise<Readable> {
    return this.#needReady().downloads.download(wireId, limitBytes);
  }

  #needReady(): Live {
    if (!this.#live?.run.isReady)
      throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the session is not connected');
    return this.#live;
  }

  /** Unlinking loads the page anew, which can cut off its own answer: the library says a moment later that it worked. */
  async #isUnlinked(live: Live, error: unknown): Promise<boolean> {
    const { signal } = live.stopped;
    if (!signal.aborted && !(error instanceof TransportError && error.late))
      await within(once(signal, 'abort'), this.#deadlines.close, 'the end of the page').catch(() => undefined);
    return this.#unlinked === live;
  }

  #onEnded(live: Live, how: RunEnd, reason: string, retryAfterMs?: number): void {
    if (this.#live !== live) return;
    if (how === 'logged_out') this.#unlinked = live;
    // The browser of an unlinked account shows a new code whose login would not be kept: it must go first.
    const signal: EngineSignal =
      how === 'crashed' && retryAfterMs !== undefined ? { kind: how, reason, retryAfterMs } : { kind: how, reason };
    void this.#end(reason, how === 'logged_out').then(() => this.#listener.signal(signal));
  }

  /**
   * Exchanges the browser of a session that works. What is being sent comes back first, what was heard is recorded, and
   * nothing new begins; the session is told to be interrupted, and is ready again in a moment.
   */
  async #renew(reason: string): Promise<void> {
    const live = this.#live;
    if (!live) return;
    const { media, ack, close } = this.#deadlines;
    const unless = (error: unknown): void => this.#log.warn({ reason: describe(error) }, 'the restart does not wait');
    await within(this.#gate.close(reason), media + ack, 'sends in progress').catch(unless);
    if (this.#live !== live) return;
    this.#listener.signal({ kind: 'interrupted', reason });
    await within(live.facts.drained(), close, 'recording received events').catch(unless);
    if (this.#live !== live) return;
    void this.#end(reason);
    await this.start().catch((error) => this.#listener.signal({ kind: 'crashed', reason: describe(error) }));
  }

  #end(reason: string, wipe = false): Promise<void> {
    const live = this.#release();
    this.#turns = this.#turns.then(async () => {
      // A start that had its turn meanwhile is meant too.
      for (const each of [live, this.#release()]) await this.#close(each, reason, wipe);
    });
    return this.#turns;
  }

  #release(): Live | null {
    const live = this.#live;
    this.#live = null;
    live?.stopped.abort();
    live?.login.end();
    return live;
  }

  async #close(live: Live | null, reason: string, wipe: boolean): Promise<void> {
    if (!live) return;
    try {
      live.sender.abandon(reason);
      await within(live.facts.stop(), this.#deadlines.close, 'the last report').catch(() => undefined);
      await live.run.close();
      await this.#profile.unlockBrowser();
      if (wipe) await this.#profile.wipe();
      else await live.progress.save();
    } catch (error) {
      this.#log.error({ reason: describe(error) }, 'the session did not end cleanly');
    } finally {
      this.#profile.close();
    }
  }
}
