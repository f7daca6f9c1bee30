/** The account that a session is linked to, in memory and as it is stored with the changes of the session's state. */
import type { Address } from '../contract/address.ts';
import type { SessionName } from '../contract/ids.ts';
import type { SessionState } from '../contract/session-states.ts';
import type { Call } from '../store/operation.ts';
import { setSessionAccount, setSessionDesired, setSessionSelf } from '../store/sessions.repository.ts';
import { linkedTo, type SessionAccount } from './session-account.ts';
import type { Action, Machine } from './session-machine.ts';

/** A page that shows a code has no login any more, however that came about. */
export const isUnlinked = (state: SessionState): boolean => state === 'logged_out' || state === 'awaiting_scan';

export class LinkedAccount {
  readonly #session: SessionName;
  #self: Address | null;
  #account: SessionAccount;

  constructor(session: SessionName, self: Address | null, account: SessionAccount) {
    this.#session = session;
    this.#self = self;
    this.#account = account;
  }

  /** Null while no account is linked. */
  get self(): Address | null {
    return this.#self;
  }

  get account(): SessionAccount {
    return this.#account;
  }

  linked(self: Address): void {
    this.#self = self;
    this.#account = linkedTo(this.#account, self);
  }

  /**
   * Follows a change of the session's state.
   *
   * @param now in milliseconds since the epoch
   * @returns what must hold after a restart, to be stored together with the event of the change
   */
  changed({ state, reason }: Machine, actions: readonly Action[], now: number): Call<unknown>[] {
    const name = this.#session;
    const effects: Call<unknown>[] = [];
    if (actions.some((action) => action.do === 'forget_account')) {
      this.#self = null;
      effects.push(setSessionDesired({ name, desired: 'logged_out', now }));
      effects.push(setSessionSelf({ name, self: null, now }));
    }
    if (isUnlinked(state)) this.#account = { ...this.#account, login: this.#account.login + 1 };
    if (isUnlinked(state) || state === 'ready') {
      const { account, login } = this.#account;
      effects.push(setSessionAccount({ name, account: account && JSON.stringify(account), login, now }));
    }
    if (actions.some((action) => action.do === 'keep_refusal'))
      effects.push(setSessionDesired({ name, desired: 'refused', refusal: reason, now }));
    if (state === 'ready' && this.#self) effects.push(setSessionSelf({ name, self: JSON.stringify(this.#self), now }));
    return effects;
  }
}
