/**
 * One run of the engine, from its start to its end. This file joins what the rooms beside it have: the browser, the
 * login and how far the session has come, what arrives, what is sent, and whether all of it works. What runs in the
 * page is in `page/`.
 */
import type whatsapp from 'whatsapp-web.js';
import type { Address } from '../../contract/address.ts';
import type { Clock } from '../../ops/clock.ts';
import type { Log } from '../../ops/logger.ts';
import type { EngineListener } from '../engine.ts';
import { AddressBook, selfAddress } from './inbound/address-book.ts';
import type { BrowserRun } from './browser/browser-run.ts';
import type { RunListener } from './browser/run-listener.ts';
import { CatchUp } from './inbound/catch-up.ts';
import { type Deadlines, TransportError } from './deadlines.ts';
import { FactReporter } from './inbound/fact-reporter.ts';
import { SendStatusReader } from './outbound/send-status.ts';
import { Health, type HealthHistory, type HealthDependencies } from './health/health.ts';
import { unreadWords } from './health/diagnosis.ts';
import { LIBRARY_EVENTS } from './inbound/events.generated.ts';
import { InboundMessages } from './inbound/inbound-messages.ts';
import { Login } from './login/login.ts';
import { MediaDownloads } from './inbound/media-download.ts';
import type { RawMessage } from './inbound/raw-message.ts';
import type { LongPageCalls, PageCalls } from './page/page-calls.ts';
import { readSelf } from './page/page-functions.ts';
import { describe } from './page/page-reason.ts';
import type { Profile, Progress } from './login/profile.ts';
import { ProgressSaver } from './login/progress-saver.ts';
import { SendFailures } from './outbound/send-failures.ts';
import { ServerClock } from './login/server-clock.ts';
import { Sender } from './outbound/sender.ts';
import { Receipts } from './inbound/receipts.ts';
import { Undecrypted } from './inbound/undecrypted.ts';
import { MissedMessageCheck } from './health/missed-message-check.ts';

/** So many answers without an account, with a pause between them, and the page is of no use. */
const UNNAMED = 5;
const ASK_AGAIN_MS = 1_000;

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

/** Creates the parts of a run; `browser.begin()` starts it. */
export function createEngineRun(deps: EngineRunDependencies): EngineRun {
  const { listener, deadlines, clock, log } = deps;
  const stopped = new AbortController();
  const browser = deps.makeRun({
    qr: (code) => {
      login.shown(code);
      void serverClock.measure().then((answered) => {
        if (answered) login.dated();
      });
    },
    idle: () => login.idle(),
    authenticated: () => login.authenticated(),
    unauthenticated: () => login.unauthenticated(),
    progress: (reason) => listener.signal({ kind: 'progress', reason }),
    ready: (document) => void onReady(run, deps, document),
    interrupted: (reason) => {
      catchUp.interrupted();
      facts.hold();
      listener.signal({ kind: 'interrupted', reason });
    },
    message: (message) => {
      const raw = rawOf(message);
      if (!isIdentified(raw, log)) return;
      missedMessages.received(raw);
      inbound.message(raw);
    },
    undecrypted: (message) => {
      const raw = rawOf(message);
      if (!isIdentified(raw, log)) return;
      missedMessages.received(raw);
      inbound.undecrypted(raw);
    },
    acknowledged: (message, level) => {
      const raw = rawOf(message);
      if (!isIdentified(raw, log)) return;
      missedMessages.received({ ...raw, ack: level });
      onAck(run, raw, level);
    },
    events: LIBRARY_EVENTS.map(({ name }) => name),
    happened: (name, told) => {
      const event = LIBRARY_EVENTS.find((each) => each.name === name);
      if (event) inbound.happened(event, told);
    },
    unreachable: (error, forMs) => {
      const reason = `web.whatsapp.com cannot be reached (${error}); retrying every few seconds`;
      if (forMs >= deadlines.busyTold) health.reportDegraded(reason);
      listener.signal({ kind: 'progress', reason });
    },
    uploaded: (stanzaId) => health.uploaded(stanzaId),
    ended: deps.ended,
  });
  const page = (): LongPageCalls => browser.page;
  const serverClock = new ServerClock(page, deadlines, clock, log);
  const login = new Login(
    {
      page,
      listener: {
        qr: (code, expiresAt) => listener.signal({ kind: 'qr', code, expiresAt }),
        qrWithdrawn: () => listener.signal({ kind: 'qr_withdrawn' }),
        pairingCode: (code) => listener.signal({ kind: 'pairing_code', ...code }),
        authenticated: (linkedNow) => {
          if (linkedNow) void progress.trySave();
          listener.signal({ kind: 'authenticated' });
        },
      },
      deadlines,
      clock,
      serverClock,
      log,
    },
    deps.progress.linkedAt,
  );
  const facts = new FactReporter(listener, deps.progress, { clock, serverClock }, log);
  const addresses = new AddressBook(page, deadlines);
  const account = () => ({ self: run.self, linkedAt: login.linkedAt });
  const readyPage = (): PageCalls => {
    if (!browser.isReady) throw new TransportError('the session is not connected');
    return browser.page;
  };
  const undecrypted = new Undecrypted(
    {
      page: readyPage,
      deadlines,
      decrypted: (raw) => {
        missedMessages.received(raw);
        inbound.decrypted(raw);
      },
      stopped: stopped.signal,
      clock,
      serverClock,
    },
    deps.progress.undecrypted,
  );
  const receipts = new Receipts(
    {
      page: readyPage,
      deadlines,
      found: (message, level) => inbound.receipt(message, level),
      stopped: stopped.signal,
      clock,
      serverClock,
      log,
    },
    deps.progress.unread,
  );
  const inbound = new InboundMessages({
    ...{ facts, addresses, account, undecrypted, receipts, deadlines },
    stopped: stopped.signal,
    clock,
    log,
  });
  const catchUp = new CatchUp({
    page: readyPage,
    answers: () => browser.isReady && browser.liveness.page === 'answers',
    deadlines,
    facts,
    inbound: {
      missed: (raw) => {
        if (!isIdentified(raw, log)) return;
        missedMessages.received(raw);
        inbound.missed(raw);
      },
    },
    undecrypted,
    linkedAt: () => login.linkedAt,
    cut: (chats) => health.reportDegraded(`${chats} chats had more missed messages than could be read`),
    unread: () => health.reportDegraded(unreadWords(facts.unread)),
    stopped: stopped.signal,
    clock,
    log,
  });
  const howFar = (): Progress | null =>
    login.isAuthenticated
      ? {
          linkedAt: login.linkedAt,
          reportedUntil: Math.max(facts.reportedUntil, login.linkedAt),
          behind: facts.behind,
          undecrypted: undecrypted.waiting,
          unread: receipts.unread,
        }
      : null;
  const progress = new ProgressSaver(deps.profile, howFar, clock, log);
  const sender = new Sender(page, deadlines);
  const downloads = new MediaDownloads(page, deadlines);
  const sendStatus = new SendStatusReader(readyPage, deadlines, clock);
  const missedMessages = new MissedMessageCheck(serverClock);
  const health = new Health({
    session: browser,
    missedMessages,
    facts,
    catchUp,
    notBefore: () => Math.max(login.linkedAt, deps.progress.reportedUntil),
    history: deps.history,
    signal: (signal) => listener.signal(signal),
    count: deps.count,
    deadlines,
    clock,
    log,
  });
  const run: EngineRun = {
    browser,
    facts,
    inbound,
    sender,
    downloads,
    sendStatus,
    addresses,
    login,
    catchUp,
    progress,
    health,
    sendFailures: new SendFailures({ told: (words) => health.reportSending(words), clock, stopped: stopped.signal }),
    undecrypted,
    receipts,
    serverClock,
    stopped,
    self: null,
    document: null,
  };
  return run;
}

/** @param document names this load of the page */
async function onReady(run: EngineRun, deps: EngineRunDependencies, document: string): Promise<void> {
  const { listener, ended } = deps;
  let self: Address | null;
  try {
    self = run.self ?? (await askSelf(run, deps));
  } catch (error) {
    return ended('crashed', describe(error));
  }
  if (self === null || run.stopped.signal.aborted || !run.browser.isReady) return;
  run.self = self;
  run.sendStatus.ready();
  void run.serverClock.measure().then((answered) => {
    if (answered) run.login.dated();
  });
  listener.signal({ kind: 'ready', self });
  // Whether a page that has been reloaded can send is not known; more failures would say so again.
  if (run.document !== document) run.sendFailures.worked();
  run.document = document;
  run.receipts.ready();
  await run.catchUp.run();
}

/** Asks until the page says it; null once the page is not ready any more. @throws Error when it knows no account */
async function askSelf(
  { browser, addresses, stopped }: EngineRun,
  { deadlines, clock, log }: EngineRunDependencies,
): Promise<Address | null> {
  for (let unnamed = 0; browser.isReady && !stopped.signal.aborted;) {
    try {
      const self = selfAddress(await browser.page.call(readSelf, deadlines.call));
      await addresses.learnGroups();
      return self;
    } catch (error) {
      // A page that does not answer is judged by its health; one that answers may not have loaded the account yet.
      if (!(error instanceof TransportError) && ++unnamed >= UNNAMED) throw error;
      log.warn({ reason: describe(error) }, 'the linked account is not known yet; retrying');
    }
    await clock.sleep(ASK_AGAIN_MS, stopped.signal).catch(() => undefined);
  }
  return null;
}

function onAck(run: EngineRun, raw: RawMessage, level: number): void {
  if (!raw.id.fromMe) return;
  run.sender.acknowledged(raw.id.id, level);
  run.inbound.acknowledged(raw, level);
}

/** Whether the page named this message; one without an id can neither be reported nor be missed. */
function isIdentified(raw: Partial<RawMessage> | undefined, log: Log): raw is RawMessage {
  if (raw?.id) return true;
  log.error({}, 'WhatsApp Web reported a message without an id, which is skipped');
  return false;
}

/** The library keeps the page's own record of a message under a name that its types do not show. */
function rawOf(message: whatsapp.Message): Partial<RawMessage> | undefined {
  return message.rawData;
}
