/** The outbox as HTTP sees it: acceptance, state, and what an operator may do to a message. */
import { WabError } from '../contract/errors.ts';
import type { OutboxId, SessionName } from '../contract/ids.ts';
import type { AnyInput } from '../contract/field-checks.ts';
import type { OutboxOperation } from '../contract/operations/by-carrier.ts';
import type { OutboxMessage } from '../contract/views/outbox-message.ts';
import type { Clock } from '../ops/clock.ts';
import type { SessionAccount } from '../sessions/session-account.ts';
import type { OutboxReads } from '../store/outbox-reads.repository.ts';
import type { OutboxRow } from '../store/outbox-rows.ts';
import type { OutboxIntake } from './outbox-intake.ts';
import type { OutboxChanges } from './outbox-changes.ts';
import { ANOTHER_ACCOUNT, isForAccount, isOfUnknownAccount, NO_ACCOUNT } from './attempt-runner.ts';
import { viewOf } from './outbox-content.ts';
import type { OutboxTransitions } from './outbox-transitions.ts';
import { isPending, type Transition } from './outbox-state.ts';
import type { Acceptance, AcceptOptions, Outbox, Resolution } from './outbox.ts';

export interface OutboxServiceDependencies {
  readonly intake: Pick<OutboxIntake, 'accept'>;
  readonly reads: OutboxReads;
  readonly transitions: OutboxTransitions;
  readonly changes: OutboxChanges;
  readonly sessions: { account(session: SessionName): SessionAccount | null };
  readonly clock: Clock;
}

const RESOLUTIONS: Readonly<Record<Resolution, Transition>> = {
  sent: 'resolved_sent',
  failed: 'resolved_failed',
  resend: 'resolved_resend',
};

export class OutboxService implements Outbox {
  readonly #deps: OutboxServiceDependencies;

  constructor(deps: OutboxServiceDependencies) {
    this.#deps = deps;
  }

  async accept(operation: OutboxOperation, input: AnyInput, options: AcceptOptions): Promise<Acceptance> {
    const acceptance = await this.#deps.intake.accept(operation, input, options);
    if (!acceptance.replayed) this.#deps.changes.freed(acceptance.message.session as SessionName);
    return acceptance;
  }

  async get(id: OutboxId, waitMs = 0): Promise<OutboxMessage> {
    const { clock, changes } = this.#deps;
    const settled = (row: OutboxRow): boolean => !isPending(row.state);
    return viewOf(await changes.messages.until(id, () => this.#row(id), settled, waitMs, clock));
  }

  async list(filter: Parameters<Outbox['list']>[0]): Promise<readonly OutboxMessage[]> {
    return (await this.#deps.reads.list(filter)).map(viewOf);
  }

  async resolve(id: OutboxId, as: Resolution): Promise<OutboxMessage> {
    if (as === 'resend') await this.#needsItsAccount(id);
    const error =
      as === 'failed' ? { code: 'WAB_SEND_IN_DOUBT', message: 'An operator resolved it as not sent.' } : null;
    return this.#settle(id, RESOLUTIONS[as], 'only a message that is in_doubt can be resolved by hand.', {
      error,
      // A person who sends it again knows how late it is.
      ...(as === 'resend' ? { dueAt: 0, expiresAt: null, resentAt: this.#deps.clock.now() } : {}),
    });
  }

  cancel(id: OutboxId): Promise<OutboxMessage> {
    return this.#settle(id, 'cancelled', 'only a message that is still queued can be cancelled.', {});
  }

  async #settle(
    id: OutboxId,
    transition: Transition,
    hint: string,
    patch: Parameters<OutboxTransitions['move']>[2],
  ): Promise<OutboxMessage> {
    const row = await this.#row(id);
    const moved = await this.#deps.transitions.move(row, transition, patch);
    if (!moved) {
      const { state } = await this.#row(id);
      throw new WabError('WAB_OUTBOX_STATE', { id, state, hint });
    }
    this.#deps.changes.freed(row.session as SessionName);
    return viewOf(moved);
  }

  /** @throws WabError WAB_ACCOUNT_CHANGED, WAB_ACCOUNT_UNKNOWN: it might go from another account than it was sent from */
  async #needsItsAccount(id: OutboxId): Promise<void> {
    const row = await this.#row(id);
    if (row.state !== 'in_doubt') return;
    const linked = this.#deps.sessions.account(row.session as SessionName) ?? NO_ACCOUNT;
    if (isOfUnknownAccount(row, linked)) throw new WabError('WAB_ACCOUNT_UNKNOWN', { id });
    if (!isForAccount(row, linked.account)) throw new WabError('WAB_ACCOUNT_CHANGED', { reason: ANOTHER_ACCOUNT });
  }

  async #row(id: OutboxId): Promise<OutboxRow> {
    const row = await this.#deps.reads.find(id);
    if (!row) throw new WabError('WAB_OUTBOX_NOT_FOUND', { id });
    return row;
  }
}
