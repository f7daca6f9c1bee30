/** The end of a run: waits until everything has come to rest, and writes down what the bridge says of it then. */
import type { BridgeClient } from '../../bridge/src/cli/client.ts';
import type { EventFrame } from '../../bridge/src/contract/frames.ts';
import { until } from '../until.ts';
import type { FarEnd } from './far-end.ts';
import type { History } from './history.ts';
import { laneOf, type Reader } from './reader.ts';

type Event = EventFrame['event'];
interface Page {
  readonly events: readonly Event[];
  readonly cursor: string;
  readonly more: boolean;
}

const PAGE = '500';

export interface SettlingDependencies {
  readonly bridge: BridgeClient;
  readonly farEnd: FarEnd;
  readonly readers: readonly Reader[];
  readonly history: History;
}

/**
 * Resolves once nothing is queued or on its way, and every reader has acknowledged all that the log has.
 *
 * @throws Error that says what was left, after `timeoutMs`
 */
export async function settle(
  { bridge, farEnd, readers }: SettlingDependencies,
  ensureUp: () => Promise<void>,
  timeoutMs: number,
): Promise<void> {
  const types = new Map<string, string>();
  let cursor = 'earliest';
  let left = '';
  const settled = async (): Promise<boolean> => {
    await ensureUp();
    const { messages } = await bridge.request<{ messages: readonly unknown[] }>('GET', '/v1/messages', {
      query: { state: 'queued,sending', limit: PAGE },
    });
    const { undelivered } = await farEnd.account();
    const known = types.size;
    const page = await eventsAfter(bridge, cursor);
    cursor = page.cursor;
    for (const { id, type } of page.events) types.set(id, type);
    const unread = readers.map(
      (reader) => [...types].filter(([id, type]) => reader.passes(type) && !reader.acked.has(id)).length,
    );
    left = `${messages.length} messages, ${undelivered} facts of the network, ${unread.join(' and ')} events of readers`;
    return messages.length + undelivered + unread.reduce((sum, count) => sum + count, 0) === 0 && types.size === known;
  };
  await until('everything to come to rest', () => settled().catch((error: unknown) => void (left = String(error))), {
    timeoutMs,
    details: () => left,
  });
}

/** Writes down the states of all messages and the whole log, as the bridge tells them now. */
export async function recordOutcome({ bridge, farEnd, history }: SettlingDependencies): Promise<void> {
  await farEnd.recordArrivals();
  for (let before: string | undefined; ;) {
    const { messages } = await bridge.request<{ messages: readonly { id: string; state: string }[] }>(
      'GET',
      '/v1/messages',
      { query: { limit: PAGE, before } },
    );
    for (const { id, state } of messages) history.add({ kind: 'settled', id, state });
    before = messages.at(-1)?.id;
    if (before === undefined) break;
  }
  const { events } = await eventsAfter(bridge, 'earliest');
  for (const { id, seq, type, data, ...rest } of events) {
    const { messageId, outboxId } = data ?? {};
    history.add({
      kind: 'logged',
      event: id,
      seq,
      type,
      lane: laneOf(rest),
      ...(typeof messageId === 'string' ? { messageId } : {}),
      ...(typeof outboxId === 'string' ? { outboxId } : {}),
    });
  }
}

/** Everything after a cursor. */
async function eventsAfter(bridge: BridgeClient, cursor: string): Promise<Omit<Page, 'more'>> {
  const events: Event[] = [];
  for (let after = cursor; ;) {
    const page = await bridge.request<Page>('GET', '/v1/events', { query: { limit: PAGE, after } });
    events.push(...page.events);
    after = page.cursor;
    if (!page.more) return { events, cursor: after };
  }
}
