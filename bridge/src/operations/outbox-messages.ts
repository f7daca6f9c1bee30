/** Outbox messages: watch, settle. A key sees those of its sessions. */
import type { Principal } from '../auth/keys.ts';
import { allows } from '../auth/permissions.ts';
import { DEFAULT_LIST_LIMIT } from '../contract/defaults.ts';
import { WabError } from '../contract/errors.ts';
import type { OutboxId, SessionName } from '../contract/ids.ts';
import { OUTBOX_STATES, type OutboxState } from '../contract/views/outbox-message.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { HandlersOf } from './handler.ts';
import { itemsOf } from './items.ts';

type OutboxMessages = Pick<Outbox, 'get' | 'list' | 'resolve' | 'cancel'>;

export function outboxHandlers(outbox: OutboxMessages): HandlersOf<'outbox'> {
  /** @throws WabError WAB_OUTBOX_NOT_FOUND, also for one of a session that the key may not use */
  const requireVisible = async (id: OutboxId, principal: Principal): Promise<void> => {
    const { session } = await outbox.get(id);
    if (!allows(principal, session as SessionName)) throw new WabError('WAB_OUTBOX_NOT_FOUND', { id });
  };

  return {
    'outbox.list': async ({ session, state, limit = DEFAULT_LIST_LIMIT, before }, { sessions }) => {
      const states = statesOf(state);
      const filter = { limit, ...(states ? { states } : {}), ...(before ? { before } : {}) };
      if (session !== undefined) return { messages: await outbox.list({ ...filter, session }) };
      if (sessions === null) return { messages: await outbox.list(filter) };
      const lists = await Promise.all([...sessions].map((name) => outbox.list({ ...filter, session: name })));
      return {
        messages: lists
          .flat()
          .sort((a, b) => (a.id < b.id ? 1 : -1))
          .slice(0, limit),
      };
    },
    'outbox.get': async ({ id, waitMs }, principal) => {
      await requireVisible(id, principal);
      return outbox.get(id, waitMs);
    },
    'outbox.resolve': async ({ id, as }, principal) => {
      await requireVisible(id, principal);
      return outbox.resolve(id, as);
    },
    'outbox.cancel': async ({ id }, principal) => {
      await requireVisible(id, principal);
      return outbox.cancel(id);
    },
  };
}

function statesOf(text: string | undefined): readonly OutboxState[] | undefined {
  const states = itemsOf(text);
  const wrong = states?.find((state) => !(OUTBOX_STATES as readonly string[]).includes(state));
  if (wrong !== undefined)
    throw new WabError('WAB_INVALID_REQUEST', {
      reason: `the query parameter state must list only ${OUTBOX_STATES.join(', ')}`,
    });
  return states as readonly OutboxState[] | undefined;
}
