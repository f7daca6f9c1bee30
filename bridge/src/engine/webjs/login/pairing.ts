/** Pairing codes: asked for while QR codes are shown, and renewed while nobody has used them. */
import type { Clock } from '../../../ops/clock.ts';
import type { Log } from '../../../ops/logger.ts';
import { EngineError, type PairingCode } from '../../engine.ts';
import { formsOf } from '../../../contract/phone-number.ts';
import type { Deadlines } from '../deadlines.ts';
import type { PageCalls } from '../page/page-calls.ts';
import { describe, withoutNumbers } from '../page/page-reason.ts';
import { type PairingResult, readDocument, startPairing } from '../page/page-login.ts';

/** As often as WhatsApp Web renews a code by itself before it asks the person. */
const RENEWALS = 5;
const LOOK_AGAIN_MS = 500;
const NO_ACCOUNT = 'IQErrorItemNotFound';
/** WhatsApp's answers by the name that the page gives them, for a person. */
const ANSWERS: Readonly<Record<string, string>> = {
  IQErrorBadRequest: 'WhatsApp does not accept this number',
  IQErrorForbidden: 'WhatsApp does not allow it for this account',
  [NO_ACCOUNT]: 'WhatsApp has no account with this number',
  IQErrorFeatureNotAvailable: 'the account cannot be linked this way; update WhatsApp on the phone',
};

export interface PairingDependencies {
  readonly page: () => PageCalls;
  readonly deadlines: Deadlines;
  /** Comes with each code; `secret` is what QR codes have to name from now on. */
  readonly issued: (code: PairingCode, secret: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

interface Pending {
  readonly phone: string;
  /** Ends the wait for the next renewal. */
  timer: AbortController;
  /** The load of the page in which the code was made; another one does not know it. */
  document: string;
  renewals: number;
}

export class Pairing {
  readonly #deps: PairingDependencies;
  #pending: Pending | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: PairingDependencies) {
    this.#deps = deps;
  }

  /** A code waits to be typed. */
  get isPending(): boolean {
    return this.#pending !== null;
  }

  /** @throws EngineError, as `Engine.requestPairingCode` */
  request(phone: string): Promise<PairingCode> {
    return this.#inTurn(async () => {
      this.end();
      const { document, code } = await this.#ask(phone, true);
      const pending: Pending = { phone, timer: new AbortController(), document, renewals: 0 };
      this.#pending = pending;
      this.#renewLater(pending);
      return code;
    });
  }

  /** The page may have been reloaded: then the code is not known any more, and a new one is made. */
  async look(): Promise<void> {
    const pending = this.#pending;
    if (!pending) return;
    try {
      const document = await this.#deps.page().call(readDocument, this.#deps.deadlines.call);
      if (document !== pending.document) await this.#renew(pending);
    } catch (error) {
      this.#deps.log.warn({ reason: describe(error) }, 'the page with the pairing code is not responding');
    }
  }

  /** No code is waited for any more: the account is linked, or the page is gone. */
  end(): void {
    this.#pending?.timer.abort();
    this.#pending = null;
  }

  #renewLater(pending: Pending): void {
    const { clock, deadlines } = this.#deps;
    pending.timer = new AbortController();
    clock.sleep(deadlines.pairingCode, pending.timer.signal).then(
      () => this.#renew(pending),
      () => undefined,
    );
  }

  async #renew(pending: Pending): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#pending !== pending) return;
      if (pending.renewals++ >= RENEWALS) return this.end();
      pending.timer.abort();
      try {
        // The phone was told of the first; one notification for each would be a nuisance.
        pending.document = (await this.#ask(pending.phone, false)).document;
        if (this.#pending === pending) this.#renewLater(pending);
      } catch (error) {
        this.#deps.log.warn({ reason: describe(error) }, 'the pairing code could not be renewed');
        this.end();
      }
    });
  }

  async #ask(phone: string, notify: boolean): Promise<{ readonly document: string; readonly code: PairingCode }> {
    const { deadlines, clock, issued } = this.#deps;
    const result = await this.#answerForAnyForm(phone.replace('+', ''), notify);
    if (!result.given) throw refusal(result);
    const code = { code: result.code, expiresAt: new Date(clock.now() + deadlines.pairingCode) };
    issued(code, result.secret);
    return { document: result.document, code };
  }

  /** WhatsApp may know the account under an older form of its number. */
  async #answerForAnyForm(digits: string, notify: boolean): Promise<PairingResult> {
    const [given, ...others] = formsOf(digits);
    const first = await this.#answer(given, notify);
    let result = first;
    for (const other of others) {
      if (result.given || result.reason !== NO_ACCOUNT) return result;
      result = await this.#answer(other, notify);
    }
    // Nobody asked for the other form, so its refusal would puzzle.
    return result.given ? result : first;
  }

  /** Between two QR codes the page is not waiting for a moment, so it is asked again. */
  async #answer(digits: string, notify: boolean): Promise<PairingResult> {
    const { page, deadlines, clock } = this.#deps;
    const until = clock.elapsed() + deadlines.call;
    for (;;) {
      let result: PairingResult;
      try {
        result = await page().call(startPairing, deadlines.call, digits, notify);
      } catch (error) {
        throw new EngineError('defer', 'WAB_SESSION_NOT_READY', describe(error), { cause: error });
      }
      if (result.given || result.why !== 'not-waiting' || clock.elapsed() >= until) return result;
      await clock.sleep(LOOK_AGAIN_MS);
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function refusal({ why, reason, status }: Extract<PairingResult, { given: false }>): EngineError {
  if (why === 'not-waiting')
    return new EngineError('defer', 'WAB_SESSION_NOT_READY', `WhatsApp Web is ${reason.toLowerCase()}`);
  if (why === 'missing')
    return new EngineError('fail', 'WAB_PAIRING_REFUSED', 'this version of WhatsApp Web links by QR code only');
  if (status === 429 || reason === 'IQErrorRateOverlimit' || reason.includes('rate-overlimit'))
    return new EngineError('defer', 'WAB_PAIRING_LIMITED', 'too many codes were requested');
  if (status !== null && status >= 500)
    return new EngineError('defer', 'WAB_SESSION_NOT_READY', `WhatsApp had an error (${status})`);
  // Digits of an error that nobody knows could be the number.
  return new EngineError('fail', 'WAB_PAIRING_REFUSED', ANSWERS[reason] ?? withoutNumbers(reason.trim()));
}
