/** What happens in a run: what the browser reports of it, and where that goes. */
import type whatsapp from 'whatsapp-web.js';
import type { Address } from '../../contract/address.ts';
import type { Log } from '../../ops/logger.ts';
import type { RunListener } from './browser/run-listener.ts';
import { TransportError } from './deadlines.ts';
import type { EngineRun, EngineRunDependencies } from './engine-run.ts';
import { selfAddress } from './inbound/address-book.ts';
import { LIBRARY_EVENTS } from './inbound/reported-events.ts';
import type { RawMessage } from './inbound/raw-message.ts';
import { readSelf } from './page/page-functions.ts';
import { describe } from './page/page-reason.ts';

/** So many answers without an account, with a pause between them, and the page is of no use. */
const UNNAMED = 5;
const ASK_AGAIN_MS = 1_000;

/** @param run called only once the browser has begun, when all parts of the run exist */
export function runEvents(run: () => EngineRun, deps: EngineRunDependencies): RunListener {
  const { listener, log } = deps;
  return {
    qr: (code) => {
      run().login.shown(code);
      measureClock(run());
    },
    idle: () => run().login.idle(),
    authenticated: () => run().login.authenticated(),
    unauthenticated: () => run().login.unauthenticated(),
    progress: (reason) => listener.signal({ kind: 'progress', reason }),
    ready: (document) => void onReady(run(), deps, document),
    interrupted: (reason) => {
      run().catchUp.interrupted();
      run().facts.hold();
      listener.signal({ kind: 'interrupted', reason });
    },
    ...messageEvents(run, log),
    events: LIBRARY_EVENTS.map(({ name }) => name),
    happened: (name, told) => {
      const event = LIBRARY_EVENTS.find((each) => each.name === name);
      if (event) run().inbound.happened(event, told);
    },
    unreachable: (error, forMs) => {
      const reason = `web.whatsapp.com cannot be reached (${error}); retrying every few seconds`;
      if (forMs >= deps.deadlines.busyTold) run().health.reportDegraded(reason);
      listener.signal({ kind: 'progress', reason });
    },
    uploaded: (stanzaId) => run().health.uploaded(stanzaId),
    ended: deps.ended,
  };
}

/** What the library announces of messages. */
function messageEvents(run: () => EngineRun, log: Log): Pick<RunListener, 'message' | 'undecrypted' | 'acknowledged'> {
  return {
    message: (message) => {
      const raw = rawOf(message);
      if (!isIdentified(raw, log)) return;
      run().missedMessages.received(raw);
      run().inbound.message(raw);
    },
    undecrypted: (message) => {
      const raw = rawOf(message);
      if (!isIdentified(raw, log)) return;
      run().missedMessages.received(raw);
      run().inbound.undecrypted(raw);
    },
    acknowledged: (message, level) => {
      const raw = rawOf(message);
      if (!isIdentified(raw, log)) return;
      run().missedMessages.received({ ...raw, ack: level });
      if (!raw.id.fromMe) return;
      run().sender.acknowledged(raw.id.id, level);
      run().inbound.acknowledged(raw, level);
    },
  };
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
  measureClock(run);
  listener.signal({ kind: 'ready', self });
  // Whether a page that has been reloaded can send is not known; more failures would say so again.
  if (run.document !== document) run.sendFailures.worked();
  run.document = document;
  run.receipts.ready();
  await run.catchUp.run();
}

/** Asks WhatsApp for its time, by which the login is then dated. */
function measureClock({ serverClock, login }: EngineRun): void {
  void serverClock.measure().then((answered) => {
    if (answered) login.dated();
  });
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

/** Whether the page named this message; one without an id can neither be reported nor be missed. */
export function isIdentified(raw: Partial<RawMessage> | undefined, log: Log): raw is RawMessage {
  if (raw?.id) return true;
  log.error({}, 'WhatsApp Web reported a message without an id, which is skipped');
  return false;
}

/** The library keeps the page's own record of a message under a name that its types do not show. */
function rawOf(message: whatsapp.Message): Partial<RawMessage> | undefined {
  return message.rawData;
}
