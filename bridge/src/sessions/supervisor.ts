/**
 * Owns the engine of one session: launches it, ends it, launches another when it died, and turns its signals into the
 * session's state. Whatever goes wrong in an engine stays in here.
 */
import { WabError } from '../contract/errors.ts';
import type { Address } from '../contract/address.ts';
import type { Engine, EngineHealth, EngineListener, EngineSignal } from '../engine/engine.ts';
import { DeadlineError, within } from '../ops/deadline.ts';
import { reasonOf } from '../ops/reason.ts';
import type { Call } from '../store/operation.ts';
import { setSessionDesired } from '../store/sessions.repository.ts';
import { SessionJournal } from './session-journal.ts';
import { askHealth } from './ask-health.ts';
import { backoffMs } from './backoff.ts';
import { LoginCodes } from './login-codes.ts';
import type { SupervisedSession, SupervisorDependencies } from './supervised-session.ts';
import { isUnlinked, LinkedAccount } from './linked-account.ts';
import type { SessionAccount } from './session-account.ts';
import { SessionTimers } from './session-timers.ts';
import type { LoginCode } from '../contract/views/session.ts';
import { atRest, step, type Action, type Input, type Machine, type Timer } from './session-machine.ts';

export class Supervisor {
  readonly codes: LoginCodes;
  readonly #session: SupervisedSession;
  readonly #deps: SupervisorDependencies;
  readonly #onChange: () => void;
  readonly #onReady: () => void;
  readonly #onUnlinked: () => void;
  readonly #timers: SessionTimers;
  readonly #linked: LinkedAccount;
  #machine: Machine;
  #since: string;
  #engine: Engine | null = null;
  /** Counts launches: a signal of an engine that was replaced is none. */
  #launch = 0;
  /** The end of the last engine; the next is launched after it. */
  #engineEnded: Promise<void> = Promise.resolve();
  #commands: Promise<unknown> = Promise.resolve();
  readonly #journal: SessionJournal;
  #closed = false;

  /**
   * @param onChange called after each change of state
   * @param onReady  called each time the session becomes ready
   * @param onUnlinked called each time a login has ended
   */
  constructor(
    session: SupervisedSession,
    deps: SupervisorDependencies,
    onChange: () => void,
    onReady: () => void,
    onUnlinked: () => void,
  ) {
    this.codes = new LoginCodes(session.name, deps.clock);
    this.#session = session;
    this.#deps = deps;
    this.#onChange = onChange;
    this.#onReady = onReady;
    this.#onUnlinked = onUnlinked;
    this.#linked = new LinkedAccount(session.name, session.self, session.account);
    this.#timers = new SessionTimers(deps.clock, (input) => this.#dispatch(input));
    this.#journal = new SessionJournal(session.name, deps);
    this.#machine = atRest(session.restingState.state, session.restingState.reason);
    this.#since = new Date(deps.clock.now()).toISOString();
  }

  get machine(): Machine {
    return this.#machine;
  }

  get since(): string {
    return this.#since;
  }

  get self(): Address | null {
    return this.#linked.self;
  }

  get account(): SessionAccount {
    return this.#linked.account;
  }

  /** The engine, in any state in which there is one. */
  get runningEngine(): Engine | null {
    return this.#engine;
  }

  /** The engine, while the session is ready. */
  get readyEngine(): Engine | null {
    return this.#machine.state === 'ready' ? this.#engine : null;
  }

  /** Starts it where it is at rest. Resolves once it is starting, not once it is ready. */
  start(reason: string): Promise<void> {
    return this.#command(async () => {
      await this.#write(
        setSessionDesired({ name: this.#session.name, desired: 'running', now: this.#deps.clock.now() }),
      );
      this.#dispatch({ on: 'start', reason });
    });
  }

  /** Starts what was running before the bridge restarted; nothing is to be remembered of it. */
  restore(): Promise<void> {
    return this.#command(async () => this.#dispatch({ on: 'start', reason: 'the bridge started' }));
  }

  /** Ends the engine and keeps the login state. Resolves once it has stopped. */
  stop(reason: string): Promise<void> {
    return this.#command(async () => {
      await this.#write(
        setSessionDesired({ name: this.#session.name, desired: 'stopped', now: this.#deps.clock.now() }),
      );
      await this.#shutDown(reason);
    });
  }

  /** Ends the engine because the bridge ends or the session goes; nothing is to be remembered of it. */
  close(reason: string): Promise<void> {
    return this.#command(async () => {
      await this.#shutDown(reason);
      this.#closed = true;
      await this.#journal.settled();
    });
  }

  /** Unlinks the account. @throws WabError WAB_SESSION_NOT_READY, WAB_SESSION_STATE */
  logout(): Promise<void> {
    return this.#command(async () => {
      const engine = this.readyEngine;
      if (!engine)
        throw this.notReady(
          'The session must be connected to be unlinked; otherwise remove the linked device on the phone.',
        );
      try {
        await this.#inTime(() => engine.logout(), 'unlinking');
      } catch (error) {
        // Where WhatsApp unlinked it although the call failed, the engine has said so.
        if (this.#machine.state !== 'logged_out') throw this.#notUnlinked(engine, error);
      }
      this.#dispatch({ on: 'logged_out', reason: 'an operator unlinked it' });
      await this.#engineEnded;
    });
  }

  /** What the engine knows of its parts. Never rejects. */
  health(): Promise<EngineHealth> {
    return askHealth(this.#engine, this.#deps.clock);
  }

  /** As `LoginCodes.request`. Not in turn with the commands, since nothing else waits for it. */
  requestPairingCode(phone: string): Promise<LoginCode | null> {
    return this.codes.request(this.#engine, this.#machine.state, phone);
  }

  notReady(hint: string): WabError {
    return new WabError('WAB_SESSION_NOT_READY', { session: this.#session.name, state: this.#machine.state, hint });
  }

  /** Commands of one session are carried out one after another. */
  #command<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#commands.then(run);
    this.#commands = result.catch(() => undefined);
    return result;
  }

  async #shutDown(reason: string): Promise<void> {
    this.#dispatch({ on: 'stop', reason });
    await this.#engineEnded;
  }

  #dispatch(input: Input): void {
    if (this.#closed) return;
    const before = this.#machine;
    const { machine, actions } = step(before, input);
    this.#machine = machine;
    if (machine.state !== before.state) this.#changed(before, machine, actions);
    for (const action of actions) this.#perform(action);
    if (machine !== before) this.#onChange();
  }

  #changed(before: Machine, machine: Machine, actions: readonly Action[]): void {
    const at = new Date(this.#deps.clock.now());
    const { name } = this.#session;
    this.#since = at.toISOString();
    this.#deps.log.info(
      { session: name, from: before.state, to: machine.state, reason: machine.reason },
      'session state',
    );
    const change = { from: before.state, to: machine.state, reason: machine.reason };
    this.#journal.changed(change, this.#linked.changed(machine, actions, at.getTime()));
    if (isUnlinked(machine.state)) this.#onUnlinked();
  }

  #perform(action: Action): void {
    switch (action.do) {
      case 'launch':
        void this.#launchEngine();
        return;
      case 'discard':
        this.#discardEngine();
        return;
      case 'show_qr':
        this.#showQr();
        return;
      case 'hide_qr':
        this.codes.hide();
        return;
      case 'announce_ready':
        this.#onReady();
        return;
      case 'announce_degraded':
        this.#journal.degraded(this.#machine.degraded ?? '');
        return;
      case 'announce_recovered':
        this.#journal.recovered(action.reason);
        return;
      case 'forget_account':
      case 'keep_refusal':
        // Stored with the change of state.
        return;
      case 'arm':
        this.#timers.arm(action.timer, action.waitMs ?? this.#waitFor(action.timer, action.attempt));
        return;
      case 'disarm':
        this.#timers.disarm(action.timer);
    }
  }

  async #launchEngine(): Promise<void> {
    this.#launch += 1;
    const launch = this.#launch;
    // Two engines over one login state would destroy it.
    await this.#engineEnded;
    if (launch !== this.#launch || this.#closed) return;
    try {
      const { name, factory, profileDir, options } = this.#session;
      const engine = factory.create(name, profileDir, this.#listener(launch), options());
      this.#engine = engine;
      await engine.start();
    } catch (error) {
      if (launch === this.#launch) this.#dispatch({ on: 'crashed', reason: reasonOf(error) });
    }
  }

  #discardEngine(): void {
    this.#launch += 1;
    const launch = this.#launch;
    const engine = this.#engine;
    this.#engine = null;
    this.#engineEnded = this.#engineEnded.then(async () => {
      if (engine) await this.#end(engine);
      if (launch === this.#launch) this.#dispatch({ on: 'engine_gone' });
    });
  }

  async #end(engine: Engine): Promise<void> {
    // An engine that throws or hangs where it must not is no reason to keep the session from going on.
    await this.#inTime(() => engine.stop(), 'the stop').catch((error: unknown) => {
      this.#deps.log.error(
        { session: this.#session.name, reason: reasonOf(error) },
        'the engine did not stop properly',
      );
    });
  }

  /** A call that throws at once counts as one that rejects. */
  #inTime(call: () => Promise<void>, what: string): Promise<void> {
    const { clock, options } = this.#deps;
    return within(Promise.resolve().then(call), options.stopDeadlineMs, what, clock);
  }

  #notUnlinked(engine: Engine, error: unknown): WabError {
    // It may still unlink or wipe at any time: only an engine that begins again is what its state says.
    if (error instanceof DeadlineError && engine === this.#engine)
      this.#dispatch({ on: 'crashed', reason: 'unlinking took too long' });
    const hint = 'unlinking failed; try again, or remove the linked device on the phone.';
    return new WabError('WAB_SESSION_STATE', { session: this.#session.name, state: this.#machine.state, hint });
  }

  #listener(launch: number): EngineListener {
    return {
      signal: (signal) => {
        if (launch === this.#launch) this.#onSignal(signal);
      },
      // What an engine saw happened, even if that engine has been replaced meanwhile.
      fact: async (fact) => {
        if (this.#closed) throw new Error('the session is closed');
        await this.#deps.recorder.record(this.#session.name, fact);
      },
    };
  }

  #onSignal(signal: EngineSignal): void {
    if (signal.kind === 'qr' && this.#linked.self !== null) {
      // Nobody asks a linked account to scan; what is linked next may be another one.
      this.#dispatch({ on: 'logged_out', reason: 'the account is no longer linked: WhatsApp asks for another scan' });
    } else if (signal.kind === 'qr') {
      this.codes.offer(signal);
      this.#dispatch({ on: 'qr' });
    } else if (signal.kind === 'ready') {
      this.#linked.linked(signal.self);
      this.#dispatch({ on: 'ready' });
    } else if (signal.kind === 'qr_withdrawn') {
      this.codes.withdraw();
      this.#dispatch({ on: 'qr_withdrawn' });
    } else if (signal.kind === 'pairing_code') {
      this.codes.paired(signal);
      this.#dispatch({ on: 'pairing_code' });
    } else if (signal.kind === 'authenticated' || signal.kind === 'recovered') this.#dispatch({ on: signal.kind });
    else if (signal.kind === 'crashed')
      this.#dispatch({ on: 'crashed', reason: signal.reason, retryAfterMs: signal.retryAfterMs });
    else this.#dispatch({ on: signal.kind, reason: signal.reason });
  }

  #showQr(): void {
    const shown = this.codes.show();
    if (shown) this.#journal.qrIssued(new Date(shown.expiresAt));
  }

  #waitFor(timer: Timer, attempt: number): number {
    const { options, random } = this.#deps;
    if (timer === 'retry') return backoffMs(options.backoff, attempt, random());
    if (timer === 'stable') return options.stableAfterMs;
    // A page stops to show QR codes also because they are all used up, while somebody still types the other code.
    return options.startDeadlineMs + this.codes.pairingLeftMs;
  }

  async #write(write: Call<unknown>): Promise<void> {
    await this.#deps.database.write(write);
  }
}
