/** What people do to existing messages: react, edit, take back, vote. */
import { randomBytes } from 'node:crypto';
import type { Account, PhoneEvent } from './account.ts';
import type { Device } from './device.ts';
import { nameIn } from './stored-message.ts';
import type { MessageRouter } from './message-router.ts';

export const newStanzaId = (): string => `3A${randomBytes(9).toString('hex').toUpperCase()}`;

type Addition =
  | { readonly type: 'reaction'; readonly emoji: string }
  | { readonly type: 'vote'; readonly options: readonly number[] };

/** Each is told to everybody in the chat; `by` is the linked device that did it, null for the phone. */
export class MessageActions {
  readonly #router: MessageRouter;

  constructor(router: MessageRouter) {
    this.#router = router;
  }

  /** @param emoji empty takes the reaction back */
  react(actor: Account, stanza: string, emoji: string): void {
    this.#add(actor, stanza, { type: 'reaction', emoji }, { kind: 'reaction', by: actor, stanza, emoji });
  }

  edit(actor: Account, stanza: string, body: string, by: Device | null = null): void {
    const stored = this.#router.get(stanza);
    const edit = newStanzaId();
    const t = Date.now();
    this.#router.spread(stored, actor, by, (id) => ({ type: 'edit', id, stanza: edit, body, t }), {
      kind: 'edit',
      by: actor,
      stanza,
      body,
    });
  }

  /** For everyone. */
  revoke(actor: Account, stanza: string, by: Device | null = null): void {
    const stored = this.#router.get(stanza);
    const frame = (id: string, viewer: Account) => ({ type: 'revoke', id, by: nameIn(stored, actor, viewer) }) as const;
    this.#router.spread(stored, actor, by, frame, { kind: 'revoke', by: actor, stanza });
  }

  /** For this account alone. */
  delete(actor: Account, stanza: string, by: Device | null = null): void {
    this.#router.spread(this.#router.get(stanza), actor, by, (id, viewer) =>
      viewer === actor ? { type: 'deleted', id } : null,
    );
  }

  /**
   * @param chosen the options, by their names or their places in the poll, from 0 on; none takes the vote back
   * @throws Error for an option that the poll does not have
   */
  vote(actor: Account, stanza: string, chosen: readonly (number | string)[]): void {
    const { extra } = this.#router.get(stanza).content;
    const all = (extra?.['pollOptions'] ?? []) as readonly { readonly name: string }[];
    const options = chosen.map((each) =>
      typeof each === 'number' ? each : all.findIndex(({ name }) => name === each),
    );
    const names = options.map((place) => {
      const option = all[place];
      if (!option) throw new Error('the poll has no such option');
      return option.name;
    });
    this.#add(actor, stanza, { type: 'vote', options }, { kind: 'vote', by: actor, stanza, options: names });
  }

  /** Adds to a message what everybody sees at it; a page upserts its own too, once the server has it. */
  #add(actor: Account, stanza: string, what: Addition, event: PhoneEvent): void {
    const stored = this.#router.get(stanza);
    const added = newStanzaId();
    const t = Date.now();
    this.#router.spread(
      stored,
      actor,
      null,
      (id, viewer) => ({ ...what, id, stanza: added, by: nameIn(stored, actor, viewer), mine: viewer === actor, t }),
      event,
    );
  }
}
