/**
 * What a link and the end of a login mean for the outbox. A message goes from the account for which it was accepted, or
 * not at all; ADR 15 says why.
 */
import type { SessionName } from '../contract/ids.ts';
import type { SessionAccount } from '../sessions/session-account.ts';
import type { OutboxReads } from '../store/outbox-reads.repository.ts';
import { ANOTHER_ACCOUNT, type AttemptRunner, isForAccount, NO_ACCOUNT } from './attempt-runner.ts';
import type { OutboxTransitions } from './outbox-transitions.ts';

export interface AccountChangesDependencies {
  readonly reads: Pick<OutboxReads, 'sendingByOtherLogin' | 'waitingAccounts' | 'waitingFor'>;
  readonly transitions: Pick<OutboxTransitions, 'assignAccount' | 'giveUp'>;
  readonly attemptRunner: Pick<AttemptRunner, 'settle'>;
  readonly sessions: { account(session: SessionName): SessionAccount | null };
}

const BATCH = 100;
const UNLINKED = 'the account was unlinked during the send';

export class AccountChanges {
  readonly #deps: AccountChangesDependencies;

  constructor(deps: AccountChangesDependencies) {
    this.#deps = deps;
  }

  /** A login has ended: what was being sent by it is settled at once, without an answer that would mean nothing. */
  async unlinked(session: SessionName): Promise<void> {
    const { reads, attemptRunner, sessions } = this.#deps;
    for (;;) {
      const account = sessions.account(session);
      if (!account) return;
      const rows = await reads.sendingByOtherLogin(session, account.login, BATCH);
      for (const row of rows) await attemptRunner.settle(row, UNLINKED);
      if (rows.length < BATCH) return;
    }
  }

  /** An account is linked: what has none yet is its own from now on, and what waits for another one fails. */
  async linked(session: SessionName): Promise<void> {
    const { reads, transitions, sessions } = this.#deps;
    const { account, login } = sessions.account(session) ?? NO_ACCOUNT;
    if (!account) return;
    await transitions.assignAccount(session, account, login);
    for (const other of await reads.waitingAccounts(session)) {
      if (isForAccount({ account: other }, account)) continue;
      for (let rows = await reads.waitingFor(session, other, BATCH); rows.length > 0;) {
        for (const row of rows) await transitions.giveUp(row, 'WAB_ACCOUNT_CHANGED', ANOTHER_ACCOUNT);
        rows = rows.length < BATCH ? [] : await reads.waitingFor(session, other, BATCH);
      }
    }
  }
}
