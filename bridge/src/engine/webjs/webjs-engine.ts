/**
 * One session on whatsapp-web.js. This file joins the parts: the browser's life (`browser-run.ts`), what is heard
 * (`hearing.ts`, `fact-reporter.ts`, `catch-up.ts`, `message-mapper.ts`) and what is sent (`sender.ts`).
 */
import { Readable } from 'node:stream';
import type whatsapp from 'whatsapp-web.js';
import type { Address } from '../../contract/address.ts';
import type { ChatId, WireId } from '../../contract/ids.ts';
import type { Clock } from '../../ops/clock.ts';
import type { Log } from '../../ops/logger.ts';
import {
  type Engine,
  type EngineCapabilities,
  EngineError,
  type EngineListener,
  type EngineSend,
  type EngineSignal,
  type SendFate,
  type SendReceipt,
} from '../engine.ts';
import { chatKindOf, wireIdOf } from '../whatsapp-id.ts';
import { AddressBook, selfAddress } from './address-book.ts';
import { findBrowser, sandboxWarning } from './browser-finder.ts';
import { BrowserRun, describe } from './browser-run.ts';
import { catchUp } from './catch-up.ts';
import { createClient } from './client-factory.ts';
import { type Deadlines, within } from './deadlines.ts';
import { FactReporter } from './fact-reporter.ts';
import { Hearing } from './hearing.ts';
import type { RawMessage } from './message-mapper.ts';
import { findChat, logOut, readMediaStage, readSelf } from './page-functions.ts';
import { Profile, type Progress } from './profile.ts';
import { newStanzaId, Sender } from './sender.ts';

export interface WebjsSettings {
  /** The setting `browserPath`. */
  readonly browserPath?: string | undefined;
  /** More flags for the browser. */
  readonly browserArgs?: readonly string[];
}

export const WEBJS_CAPABILITIES: EngineCapabilities = {
  chosenMessageIds: true,
  operations: ['text', 'image', 'video', 'audio', 'document'],
};

/** WhatsApp's first code lives longer than the ones that follow it. */
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
const SAVE_PROGRESS_MS = 5_000;
const CATCH_UP_AGAIN_MS = 5_000;
/** Without a record of what was reported, this much is read again: the log knows what it has. */
const UNRECORDED_S = 24 * 3600;
/** This machine's clock may be ahead of WhatsApp's: rather report a message from just before the linking than lose one. */
const CLOCKS_DIFFER_S = 120;
const NOT_SAVED = 'how far the session has reported could not be saved';
const seconds = (ms: number): number => Math.floor(ms / 1000);

interface Live {
  readonly run: BrowserRun;
  readonly facts: FactReporter;
  readonly hearing: Hearing;
  readonly sender: Sender;
  readonly addresses: AddressBook;
  readonly stopped: AbortController;
  linkedAt: number;
  self: Address | null;
  authenticated: boolean;
  qrCodes: number;
  catchingUp: boolean;
  /** How often the line was lost; what arrived meanwhile has to be asked for. */
  interruptions: number;
}

export class WebjsEngine implements Engine {
  readonly name = 'webjs';
  readonly capabilities = WEBJS_CAPABILITIES;
  readonly #profile: Profile;
  readonly #listener: EngineListener;
  readonly #settings: WebjsSettings;
  readonly #deadlines: Deadlines;
  readonly #clock: Clock;
  readonly #log: Log;
  #live: Live | null = null;
  #ending: Promise<void> = Promise.resolve();

  constructor(
    profileDir: string,
    listener: EngineListener,
    settings: WebjsSettings,
    deadlines: Deadlines,
    clock: Clock,
    log: Log,
  ) {
    this.#profile = new Profile(profileDir);
    this.#listener = listener;
    this.#settings = settings;
    this.#deadlines = deadlines;
    this.#clock = clock;
    this.#log = log;
  }

  async start(): Promise<void> {
    await this.#ending;
    if (this.#live) return;
    const browser = findBrowser(this.#settings.browserPath);
    const warning = sandboxWarning();
    if (warning !== null) this.#log.warn({ browser: browser.path }, warning);
    await this.#profile.open();
    const now = seconds(this.#clock.now());
    const progress = (await this.#profile.readProgress()) ?? {
      linkedAt: now - UNRECORDED_S,
      reportedUntil: now - UNRECORDED_S,
    };
    const live = this.#assemble(progress, (listener) => {
      const makeClient: ConstructorParameters<typeof BrowserRun>[0] = (onBrowser) =>
        createClient({
          browser,
          folder: this.#profile.folder,
          extraArgs: this.#settings.browserArgs ?? [],
          deadlines: this.#deadlines,
          onBrowser,
        });
      return new BrowserRun(makeClient, listener, this.#deadlines, this.#clock, this.#log);
    });
    this.#live = live;
    live.run.begin();
    void this.#saveProgressNowAndThen(live);
  }

  async stop(): Promise<void> {
    await this.#end('the session was stopped');
  }

  async logout(): Promise<void> {
    const live = this.#live;
    if (live)
      await live.run.page
        .call(logOut, this.#deadlines.call)
        .catch((error) => this.#log.warn({ reason: describe(error) }, 'WhatsApp was not told of the logout'));
    await this.#end('the session was logged out', true);
  }

  async resolveChat(chatId: ChatId): Promise<Address> {
    const { run, addresses } = this.#needReady();
    const kind = chatKindOf(chatId);
    if (kind !== 'direct' && kind !== 'group') {
      throw new EngineError('fail', 'WAB_CHAT_UNKNOWN', 'messages go to people and groups only');
    }
    const found = await run.page.call(findChat, this.#deadlines.call, chatId).catch((error: unknown) => {
      throw new EngineError('defer', 'WAB_SESSION_NOT_READY', describe(error), { cause: error });
    });
    if (found === null)
      throw new EngineError('fail', 'WAB_CHAT_UNKNOWN', 'WhatsApp knows no account or group under this id');
    return addresses.find(found as ChatId);
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
    return this.#needReady().sender.send(message, wireId);
  }

  async fateOf(wireId: WireId): Promise<SendFate> {
    return this.#live?.run.isReady ? this.#live.sender.fateOf(wireId) : 'unknown';
  }

  async downloadMedia(wireId: WireId): Promise<NodeJS.ReadableStream> {
    const { run } = this.#needReady();
    const gone = (reason: string): EngineError => new EngineError('fail', 'WAB_SEND_REFUSED', reason);
    try {
      const stage = await run.page.call(readMediaStage, this.#deadlines.call, wireId);
      if (stage === null) throw gone('WhatsApp Web has no such message with media');
      const message = await within(run.client.getMessageById(wireId), this.#deadlines.call, 'reading the message');
      const media = await within(message.downloadMedia(), this.#deadlines.media, 'the download');
      if (media) return Readable.from([Buffer.from(media.data, 'base64')]);
      const after = await run.page.call(readMediaStage, this.#deadlines.call, wireId);
      if (after === 'REUPLOADING' || after === 'FETCHING')
        throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the phone is asked to upload the file again');
      throw gone('WhatsApp does not have the file any more');
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw new EngineError('defer', 'WAB_SESSION_NOT_READY', describe(error), { cause: error });
    }
  }

  #needReady(): Live {
    if (!this.#live?.run.isReady)
      throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the session is not connected');
    return this.#live;
  }

  #assemble(progress: Progress, makeRun: (listener: ConstructorParameters<typeof BrowserRun>[1]) => BrowserRun): Live {
    const page = () => live.run.page;
    const run = makeRun({
      qr: (code) => this.#onQr(live, code),
      authenticated: () => this.#onAuthenticated(live),
      ready: () => void this.#onReady(live),
      interrupted: (reason) => {
        live.interruptions += 1;
        live.facts.hold();
        this.#signal(live, { kind: 'interrupted', reason });
      },
      message: (message) => live.hearing.message(rawOf(message)),
      acknowledged: (message, level) => this.#onAck(live, rawOf(message), level),
      ended: (how, reason) => this.#onEnded(live, how, reason),
    });
    const facts = new FactReporter(this.#listener, progress.reportedUntil, this.#clock, this.#log);
    const addresses = new AddressBook(page, this.#deadlines);
    const live: Live = {
      run,
      facts,
      hearing: new Hearing({ facts, addresses, account: () => live, clock: this.#clock, log: this.#log }),
      sender: new Sender(page, this.#deadlines),
      addresses,
      stopped: new AbortController(),
      linkedAt: progress.linkedAt,
      self: null,
      authenticated: false,
      qrCodes: 0,
      catchingUp: false,
      interruptions: 0,
    };
    return live;
  }

  #onQr(live: Live, code: string): void {
    if (code.startsWith('undefined')) return;
    const now = this.#clock.now();
    const expiresAt = new Date(now + (live.qrCodes++ === 0 ? FIRST_QR_MS : NEXT_QR_MS));
    live.linkedAt = seconds(now) - CLOCKS_DIFFER_S;
    this.#signal(live, { kind: 'qr', code, expiresAt });
  }

  /** Said again after every sync; only the first is news. */
  #onAuthenticated(live: Live): void {
    if (live.authenticated) return;
    live.authenticated = true;
    if (live.qrCodes > 0)
      void this.#saveProgress(live).catch((error) => this.#log.warn({ reason: describe(error) }, NOT_SAVED));
    this.#signal(live, { kind: 'authenticated' });
  }

  async #onReady(live: Live): Promise<void> {
    try {
      live.self ??= selfAddress(await live.run.page.call(readSelf, this.#deadlines.call));
    } catch (error) {
      return this.#onEnded(live, 'crashed', `the page does not say whose account it is: ${describe(error)}`);
    }
    if (this.#live !== live || !live.run.isReady) return;
    this.#signal(live, { kind: 'ready', self: live.self });
    await this.#catchUp(live);
  }

  /** Events are held back until everything before them is reported; a failure is tried again as long as the page lives. */
  async #catchUp(live: Live): Promise<void> {
    if (live.catchingUp) return;
    live.catchingUp = true;
    const since = Math.max(live.facts.reportedUntil, live.linkedAt);
    while (this.#live === live && live.facts.holding) {
      const { interruptions } = live;
      try {
        this.#needReady();
        const cut = await catchUp(live.run.page, this.#deadlines, { since, notBefore: live.linkedAt }, (raw) =>
          live.hearing.missed(raw),
        );
        // What came during an interruption, to chats that were read already, would be missed.
        if (live.interruptions !== interruptions) continue;
        if (cut.length > 0)
          this.#signal(live, {
            kind: 'degraded',
            reason: `${cut.length} chats had more missed messages than could be read`,
          });
        live.facts.release();
      } catch (error) {
        this.#log.warn({ reason: describe(error) }, 'missed messages could not be read and are asked for again');
        await this.#clock.sleep(CATCH_UP_AGAIN_MS, live.stopped.signal).catch(() => undefined);
      }
    }
    live.catchingUp = false;
  }

  #onAck(live: Live, raw: RawMessage, level: number): void {
    if (!raw.id.fromMe) return;
    live.sender.acknowledged(raw.id.id, level);
    live.hearing.acknowledged(raw, level);
  }

  #signal(live: Live, signal: EngineSignal): void {
    if (this.#live === live) this.#listener.signal(signal);
  }

  #onEnded(live: Live, how: 'crashed' | 'logged_out', reason: string): void {
    if (this.#live !== live) return;
    // The browser of an unlinked account shows a new code whose login would not be kept: it must go first.
    void this.#end(reason, how === 'logged_out').then(() => this.#listener.signal({ kind: how, reason }));
  }

  #end(reason: string, wipe = false): Promise<void> {
    const live = this.#live;
    this.#live = null;
    this.#ending = this.#ending
      .then(() => this.#close(live, reason, wipe))
      .catch((error) => this.#log.error({ reason: describe(error) }, 'the session did not end cleanly'));
    return this.#ending;
  }

  async #close(live: Live | null, reason: string, wipe: boolean): Promise<void> {
    if (!live) return;
    try {
      live.stopped.abort();
      live.sender.abandon(reason);
      await within(live.facts.stop(), this.#deadlines.close, 'the last report').catch(() => undefined);
      await live.run.close();
      if (wipe) await this.#profile.wipe();
      else await this.#saveProgress(live);
    } finally {
      this.#profile.close();
    }
  }

  async #saveProgressNowAndThen(live: Live): Promise<void> {
    while (!live.stopped.signal.aborted) {
      await this.#clock.sleep(SAVE_PROGRESS_MS, live.stopped.signal).catch(() => undefined);
      if (!live.stopped.signal.aborted)
        await this.#saveProgress(live).catch((error) => this.#log.warn({ reason: describe(error) }, NOT_SAVED));
    }
  }

  async #saveProgress(live: Live): Promise<void> {
    if (!live.authenticated) return;
    await this.#profile.writeProgress({
      linkedAt: live.linkedAt,
      reportedUntil: Math.max(live.facts.reportedUntil, live.linkedAt),
    });
  }
}

/** The library keeps the page's own record of a message under a name that its types do not show. */
function rawOf(message: whatsapp.Message): RawMessage {
  return message.rawData as RawMessage;
}
