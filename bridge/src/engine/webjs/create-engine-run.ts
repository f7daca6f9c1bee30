/** Creates the parts of a run, room by room, and connects them. What runs in the page is in `page/`. */
import type { BrowserRun } from './browser/browser-run.ts';
import { TransportError } from './deadlines.ts';
import type { EngineRun, EngineRunDependencies } from './engine-run.ts';
import { unreadWords } from './health/diagnosis.ts';
import { Health } from './health/health.ts';
import { MissedMessageCheck } from './health/missed-message-check.ts';
import { AddressBook } from './inbound/address-book.ts';
import { CatchUp } from './inbound/catch-up.ts';
import { FactReporter } from './inbound/fact-reporter.ts';
import { InboundMessages } from './inbound/inbound-messages.ts';
import { MediaDownloads } from './inbound/media-download.ts';
import { Receipts } from './inbound/receipts.ts';
import { Undecrypted } from './inbound/undecrypted.ts';
import { Login } from './login/login.ts';
import type { Progress } from './login/profile.ts';
import { ProgressSaver } from './login/progress-saver.ts';
import { ServerClock } from './login/server-clock.ts';
import { SendFailures } from './outbound/send-failures.ts';
import { SendStatusReader } from './outbound/send-status.ts';
import { Sender } from './outbound/sender.ts';
import type { LongPageCalls, PageCalls } from './page/page-calls.ts';
import { isIdentified, runEvents } from './run-events.ts';

/** What the parts of a run are created from. */
interface PartDependencies extends EngineRunDependencies {
  /** All parts of the run; called only once the browser has begun. */
  readonly run: () => EngineRun;
  readonly page: () => LongPageCalls;
  /** @throws TransportError if the session is not connected */
  readonly readyPage: () => PageCalls;
  /** Ends with the run. */
  readonly stopped: AbortSignal;
}

/** Creates the parts of a run; `browser.begin()` starts it. */
export function createEngineRun(deps: EngineRunDependencies): EngineRun {
  const stopped = new AbortController();
  const run = (): EngineRun => created;
  const browser = deps.makeRun(runEvents(run, deps));
  const readyPage = (): PageCalls => {
    if (!browser.isReady) throw new TransportError('the session is not connected');
    return browser.page;
  };
  const common = { ...deps, run, page: () => browser.page, readyPage, stopped: stopped.signal };
  const loginParts = createLogin(common);
  const inboundParts = createInbound(common, loginParts.serverClock);
  const created: EngineRun = {
    browser,
    ...loginParts,
    ...inboundParts,
    ...createOutbound(common),
    health: createHealth(browser, common, inboundParts),
    stopped,
    self: null,
    document: null,
  };
  return created;
}

type LoginParts = Pick<EngineRun, 'serverClock' | 'login' | 'progress'>;

/** How far the session has come, and by whose time. */
function createLogin({ run, page, listener, profile, progress, deadlines, clock, log }: PartDependencies): LoginParts {
  const serverClock = new ServerClock(page, deadlines, clock, log);
  const login = new Login(
    {
      page,
      listener: {
        qr: (code, expiresAt) => listener.signal({ kind: 'qr', code, expiresAt }),
        qrWithdrawn: () => listener.signal({ kind: 'qr_withdrawn' }),
        pairingCode: (code) => listener.signal({ kind: 'pairing_code', ...code }),
        authenticated: (linkedNow) => {
          if (linkedNow) void run().progress.trySave();
          listener.signal({ kind: 'authenticated' });
        },
      },
      deadlines,
      clock,
      serverClock,
      log,
    },
    progress.linkedAt,
  );
  return { serverClock, login, progress: new ProgressSaver(profile, () => howFar(run()), clock, log) };
}

function howFar({ login, facts, undecrypted, receipts }: EngineRun): Progress | null {
  if (!login.isAuthenticated) return null;
  return {
    linkedAt: login.linkedAt,
    reportedUntil: Math.max(facts.reportedUntil, login.linkedAt),
    behind: facts.behind,
    undecrypted: undecrypted.waiting,
    unread: receipts.unread,
  };
}

type InboundParts = Pick<
  EngineRun,
  'facts' | 'addresses' | 'undecrypted' | 'receipts' | 'inbound' | 'missedMessages' | 'catchUp'
>;

/** What arrives, and what is made good of what was missed. */
function createInbound(deps: PartDependencies, serverClock: ServerClock): InboundParts {
  const { run, page, readyPage, listener, progress, deadlines, stopped, clock, log } = deps;
  const facts = new FactReporter(listener, progress, { clock, serverClock }, log);
  const addresses = new AddressBook(page, deadlines);
  const missedMessages = new MissedMessageCheck(serverClock);
  const waiting = { page: readyPage, deadlines, stopped, clock, serverClock };
  const undecrypted = new Undecrypted(
    {
      ...waiting,
      decrypted: (raw) => {
        missedMessages.received(raw);
        inbound.decrypted(raw);
      },
    },
    progress.undecrypted,
  );
  const receipts = new Receipts(
    { ...waiting, found: (message, level) => inbound.receipt(message, level), log },
    progress.unread,
  );
  const account = () => ({ self: run().self, linkedAt: run().login.linkedAt });
  const inbound = new InboundMessages({
    facts,
    addresses,
    account,
    undecrypted,
    receipts,
    deadlines,
    stopped,
    clock,
    log,
  });
  const parts = { facts, addresses, undecrypted, receipts, inbound, missedMessages };
  return { ...parts, catchUp: createCatchUp(deps, parts) };
}

/** What the page received while nobody listened. */
function createCatchUp(
  { run, readyPage, deadlines, stopped, clock, log }: PartDependencies,
  { facts, undecrypted, inbound, missedMessages }: Omit<InboundParts, 'catchUp'>,
): CatchUp {
  return new CatchUp({
    page: readyPage,
    answers: () => run().browser.isReady && run().browser.liveness.page === 'answers',
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
    linkedAt: () => run().login.linkedAt,
    cut: (chats) => run().health.reportDegraded(`${chats} chats had more missed messages than could be read`),
    unread: () => run().health.reportDegraded(unreadWords(facts.unread)),
    stopped,
    clock,
    log,
  });
}

/** What is sent and fetched, and what became of it. */
function createOutbound({
  run,
  page,
  readyPage,
  deadlines,
  stopped,
  clock,
}: PartDependencies): Pick<EngineRun, 'sender' | 'downloads' | 'sendStatus' | 'sendFailures'> {
  return {
    sender: new Sender(page, deadlines),
    downloads: new MediaDownloads(page, deadlines),
    sendStatus: new SendStatusReader(readyPage, deadlines, clock),
    sendFailures: new SendFailures({ told: (words) => run().health.reportSending(words), clock, stopped }),
  };
}

/** Whether all of it works. */
function createHealth(
  browser: BrowserRun,
  { run, listener, progress, history, count, deadlines, clock, log }: PartDependencies,
  { missedMessages, facts, catchUp }: InboundParts,
): Health {
  return new Health({
    session: browser,
    missedMessages,
    facts,
    catchUp,
    notBefore: () => Math.max(run().login.linkedAt, progress.reportedUntil),
    history,
    signal: (signal) => listener.signal(signal),
    count,
    deadlines,
    clock,
    log,
  });
}
