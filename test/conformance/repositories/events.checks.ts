/** The event log's own rows, where the suite of the event log does not reach. */
import { expect, test } from '@jest/globals';
import {
  appendEvent,
  envelopesAfter,
  eventsAt,
  expirePayloads,
  horizonOf,
  laneBefore,
  logState,
  pruneDedupe,
  removeEvents,
  setEpoch,
  type AppendRow,
} from '../../../bridge/src/store/events.repository.ts';
import { touchLog } from '../../../bridge/src/store/readiness.repository.ts';
import { rowNamed } from '../database.suite.ts';
import { LARGEST, NOW, TEXT } from './samples.ts';
import type { StoreAtTest } from './store-at-test.ts';

export function eventChecks(at: StoreAtTest): void {
  /** Appends one after another. @returns their positions */
  const append = async (...rows: readonly (Partial<AppendRow> & { readonly id: string })[]): Promise<number[]> => {
    const positions: number[] = [];
    for (const { id, ...patch } of rows) positions.push((await at.write(appendEvent(rowNamed(id, patch)))).seq);
    return positions;
  };
  const numbered = (count: number, patch: Partial<AppendRow> = {}) =>
    Array.from({ length: count }, (_, index) => ({ id: `e${index}`, ...patch }));
  const idsAfter = async (after: number, limit: number): Promise<string[]> =>
    (await at.read(envelopesAfter, after, limit)).map(({ id }) => id);

  test('an event comes back as it was, with everything that it can have and with as little as possible', async () => {
    const body = JSON.stringify({ text: `${TEXT}\0`, nested: [1, null, true, 0.5, 1e300] });
    const full = { id: TEXT, chatId: TEXT, senderKeys: JSON.stringify([TEXT]), fromMe: 1, lane: TEXT, body };
    const bare = { id: 'bare', session: null, chatId: null, chatKind: null, fromMe: null, occurredAt: '' };
    const [first, second] = await append({ ...full, recordedAt: LARGEST, dedupeUntil: LARGEST }, bare);
    const [one, two] = await at.read(eventsAt, [second!, first!]);
    expect({ ...one }).toEqual({
      seq: first,
      id: TEXT,
      type: 'message.received',
      session: 'support',
      chat_id: TEXT,
      chat_kind: 'direct',
      sender_keys: full.senderKeys,
      from_me: 1,
      occurred_at: '2026-01-02T03:04:05.000Z',
      lane: TEXT,
      state: 'present',
      body,
    });
    expect(two).toMatchObject({ session: null, chat_id: null, chat_kind: null, from_me: null, occurred_at: '' });
    expect(JSON.parse(one!.body!)).toEqual(JSON.parse(body));
  });

  test('an id is known to the letter, also under its other names', async () => {
    const [known, other] = await append({ id: 'evt_a' }, { id: 'evt_A' });
    expect(other).not.toBe(known);
    expect(await at.write(appendEvent(rowNamed('later', { aliases: ['none', 'evt_a'] })))).toEqual({
      seq: known,
      duplicate: true,
    });
    const results = await at.write([appendEvent(rowNamed('evt_A')), appendEvent(rowNamed('left out'))]);
    expect(results).toEqual([{ seq: other, duplicate: true }]);
    expect(await idsAfter(0, 10)).toEqual(['evt_a', 'evt_A']);
  });

  test('envelopes come by position, as many as asked for', async () => {
    const positions = await append(...numbered(12));
    expect(await idsAfter(0, 5)).toEqual(['e0', 'e1', 'e2', 'e3', 'e4']);
    // As numbers: 10 comes after 9.
    expect(await idsAfter(positions[7]!, 100)).toEqual(['e8', 'e9', 'e10', 'e11']);
    expect(await idsAfter(positions[11]!, 100)).toEqual([]);
    const backwards = await at.read(eventsAt, [...positions.slice(0, 5)].reverse());
    expect(backwards.map(({ id }) => id)).toEqual(['e0', 'e1', 'e2', 'e3', 'e4']);
    expect(await at.read(eventsAt, [])).toEqual([]);
    expect(await at.read(eventsAt, [LARGEST])).toEqual([]);
  });

  test('a lane is read backwards, as far as its filter fits', async () => {
    const positions = await append(
      { id: 'a', type: 'message.sent', fromMe: 1 },
      { id: 'b', lane: 'SUPPORT|4915112345678@c.us' },
      { id: 'c', fromMe: null, type: 'message.acknowledged' },
      { id: 'd' },
      { id: 'e' },
    );
    const lane = rowNamed('x').lane;
    const before = async (filter: Parameters<typeof laneBefore>[3], limit = 10): Promise<string[]> =>
      (await at.read(laneBefore, lane, positions[4]!, filter, limit)).map(({ id }) => id);
    expect(await before({})).toEqual(['d', 'c', 'a']);
    expect(await before({}, 2)).toEqual(['d', 'c']);
    expect(await before({ types: ['message.received', 'message.sent'] })).toEqual(['d', 'a']);
    expect(await before({ types: [] })).toEqual(['d', 'c', 'a']);
    expect(await before({ fromMe: false })).toEqual(['d']);
    expect(await before({ fromMe: true })).toEqual(['a']);
  });

  test('retention removes a prefix, a few at a time, and raises the horizon to it', async () => {
    const positions = await append(...numbered(3), { id: 'young', recordedAt: NOW }, { id: 'clock set back' });
    const remove = (limit: number) => at.write(removeEvents({ recordedBefore: NOW, limit }));
    expect(await at.read(horizonOf)).toBe(0);
    expect(await remove(2)).toEqual({ removed: 2, horizon: positions[1] });
    expect(await remove(10)).toEqual({ removed: 1, horizon: positions[2] });
    expect(await remove(10)).toEqual({ removed: 0, horizon: positions[2] });
    expect(await idsAfter(0, 10)).toEqual(['young', 'clock set back']);
    expect(await at.read(eventsAt, positions)).toHaveLength(2);
    const payloads = await at.reader.selectFrom('event_payloads').select('seq').execute();
    expect(payloads).toHaveLength(2);
    expect(await at.read(horizonOf)).toBe(positions[2]);
  });

  test('payloads expire once, and are counted', async () => {
    const positions = await append(...numbered(4), { id: 'young', recordedAt: NOW });
    const expire = (after: number, limit: number) => at.write(expirePayloads({ recordedBefore: NOW, after, limit }));
    expect(await expire(0, 3)).toEqual({ expired: 3, scannedTo: positions[2] });
    expect(await expire(0, 10)).toEqual({ expired: 1, scannedTo: positions[3] });
    expect(await expire(positions[3]!, 10)).toEqual({ expired: 0, scannedTo: null });
    const events = await at.read(eventsAt, positions);
    expect(events.map(({ state, body }) => [state, body])).toEqual([
      ...Array.from({ length: 4 }, () => ['expired', null]),
      ['present', '{}'],
    ]);
  });

  test('ids are forgotten below the horizon alone, oldest first, a few at a time', async () => {
    await append(
      { id: 'a' },
      { id: 'b' },
      { id: 'c', dedupeUntil: NOW + 1 },
      { id: 'd' },
      { id: 'exists', recordedAt: NOW },
    );
    expect(await at.write(pruneDedupe({ now: NOW, limit: 10 }))).toEqual({ pruned: 0 });
    await at.write(removeEvents({ recordedBefore: NOW, limit: 10 }));
    expect(await at.write(pruneDedupe({ now: NOW, limit: 1 }))).toEqual({ pruned: 1 });
    expect(await at.write(pruneDedupe({ now: NOW, limit: 10 }))).toEqual({ pruned: 1 });
    expect(await at.write(pruneDedupe({ now: NOW + 1, limit: 10 }))).toEqual({ pruned: 2 });
    const known = await at.reader.selectFrom('event_dedupe').select('id').execute();
    expect(known.map(({ id }) => id)).toEqual(['exists']);
  });

  test('the state of the log: its history, and the newest position that was given out', async () => {
    await at.write(setEpoch({ epoch: 'e'.repeat(32) }));
    expect({ ...(await at.read(logState)) }).toEqual({ epoch: 'e'.repeat(32), horizon: 0, head: 0 });
    const [, last] = await append({ id: 'a' }, { id: 'b' });
    await at.write(touchLog(undefined));
    expect(await at.read(logState)).toMatchObject({ horizon: 0, head: last });
    await at.write(removeEvents({ recordedBefore: NOW, limit: 10 }));
    expect(await at.read(logState)).toMatchObject({ horizon: last, head: last });
    const [next] = await append({ id: 'c' });
    expect(next).toBeGreaterThan(last!);
  });
}
