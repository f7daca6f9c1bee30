/** What every EventLog must do. An implementation runs through it against the real thing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Check } from 'typebox/value';
import type { Address } from '../../bridge/src/contract/address.ts';
import type { Filter } from '../../bridge/src/contract/filter.ts';
import {
  MEDIA_ID_PATTERN,
  type ChatId,
  type Seq,
  type SessionName,
  type MessageId,
} from '../../bridge/src/contract/ids.ts';
import { MessageData } from '../../bridge/src/contract/message-data.ts';
import type { NewEvent } from '../../bridge/src/contract/events.ts';
import { addressOf } from '../../bridge/src/contract/whatsapp-id.ts';
import { messageFact } from '../../bridge/src/engine/engine.ts';
import { eventOf } from '../../bridge/src/events/event-constructors.ts';
import type { EventLog } from '../../bridge/src/events/event-log.ts';
import type { RetainedLog } from '../../bridge/src/events/retention.ts';
import type { Call } from '../../bridge/src/store/operation.ts';

export interface OpenLog {
  readonly log: EventLog & RetainedLog;
  /** A write whose effect `noted` counts, and one that always fails. */
  readonly note: (text: string) => Call<unknown>;
  readonly impossible: () => Call<unknown>;
  readonly noted: () => Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface EventLogSubject {
  /** @param clock what the log takes for now, in milliseconds */
  open(dataDir: string, clock: { now(): number }, dedupeMs: number): Promise<OpenLog>;
}

const session = 'support' as SessionName;
const alice = '4915112345678@c.us' as ChatId;
const bob = '4915187654321@c.us' as ChatId;

export const message = (messageId: string, chat: ChatId = alice, fromMe = false): NewEvent =>
  eventOf(
    session,
    messageFact({
      messageId: messageId as MessageId,
      chat: addressOf(chat),
      sender: addressOf(chat, 'Alice'),
      fromMe,
      sentAt: new Date('2026-01-02T03:04:05Z'),
      kind: 'text',
      text: `text of ${messageId}`,
      mentions: [],
      quotedMessageId: null,
    }),
  );
const acknowledged = (messageId: string, chat: ChatId = alice): NewEvent =>
  eventOf(session, {
    type: 'message.acknowledged',
    at: new Date(0),
    chat: addressOf(chat),
    data: { messageId: messageId, ack: 'read' },
  });

/** Alice by both her names, and a message of hers under one of them. */
const ALICE_LID = '98765@lid' as ChatId;
const known = { ...addressOf(alice), lid: ALICE_LID };
const moved = { ...addressOf(ALICE_LID), phone: '+4915112345678' };
const fromAlice = (chat: Address, stanza: string): NewEvent =>
  eventOf(
    session,
    messageFact({
      messageId: `false_${chat.chatId}_${stanza}` as MessageId,
      ...{ chat, sender: chat, fromMe: false, sentAt: new Date(0), kind: 'text' as const, text: 'hi' },
      ...{ mentions: [], quotedMessageId: null },
    }),
  );

export function eventLogSuite(name: string, subject: EventLogSubject): void {
  // Each test starts a thread, on whatever machine.
  jest.setTimeout(60_000);

  describe(`EventLog: ${name}`, () => {
    const DEDUPE_MS = 90_000;
    const clock = { time: 1_000_000, now: () => clock.time };
    let folder: string;
    let current: OpenLog;
    const reopen = async (): Promise<EventLog & RetainedLog> => {
      await current.close();
      current = await subject.open(folder, clock, DEDUPE_MS);
      return current.log;
    };

    beforeEach(async () => {
      clock.time = 1_000_000;
      folder = mkdtempSync(join(tmpdir(), 'wabridge-log-'));
      current = await subject.open(folder, clock, DEDUPE_MS);
    });
    afterEach(async () => {
      await current.close();
      rmSync(folder, { recursive: true, force: true });
    });

    /** All matching envelopes after a position, however many scans it takes. */
    const scanAll = async (filter: Filter, after = 0, limit = 7): Promise<string[]> => {
      const found: string[] = [];
      for (let position = after as Seq; position < current.log.head;) {
        const { matches, scannedTo } = await current.log.scan(position, filter, limit);
        expect(scannedTo).toBeGreaterThan(position);
        found.push(...matches.map(({ id }) => id));
        position = scannedTo;
      }
      return found;
    };

    test('stores an event and gives it back as it was', async () => {
      const event = message('w1');
      const { seq, id, duplicate } = await current.log.append(event);
      expect({ id, duplicate }).toEqual({ id: event.id, duplicate: false });
      expect(await current.log.read([seq])).toEqual([{ ...event, seq }]);
      expect(current.log.head).toBe(seq);
    });

    test('a message that an earlier version stored has the fields of its kind', async () => {
      const file = { mediaId: 'med_1', kind: 'image', mimeType: 'image/png', sizeBytes: 5 };
      const stored = [
        { kind: 'text', text: 'hi', media: null },
        { kind: 'image', text: null, media: file, outboxId: 'out_1' },
        { kind: 'audio', text: null, media: { ...file, kind: 'audio' } },
        // Its file was not known.
        { kind: 'video', text: 'look', media: null },
        { kind: 'unsupported', text: null, media: null, rawKind: 'location' },
      ];
      const media = { mediaId: 'med_1', mimeType: 'image/png', sizeBytes: 5 };
      const unknown = { mediaId: expect.stringMatching(MEDIA_ID_PATTERN), mimeType: 'application/octet-stream' };
      const read = [
        { kind: 'text', text: 'hi' },
        { kind: 'image', text: null, media, outboxId: 'out_1' },
        { kind: 'audio', media },
        { kind: 'video', text: 'look', media: unknown },
        { kind: 'unsupported', rawKind: 'location' },
      ];
      const common = { messageId: 'w', fromMe: false, mentions: [], quotedMessageId: null };
      const old = stored.map((data, index) => ({ ...message(`w${index}`), data: { ...common, ...data } }) as NewEvent);
      const seqs = [];
      for (const event of old) seqs.push((await current.log.append(event)).seq);
      const events = await current.log.read(seqs);
      expect(events.map(({ id }) => id)).toEqual(old.map(({ id }) => id));
      expect(events.map(({ data }) => data)).toEqual(read.map((data) => ({ ...common, ...data })));
      for (const { data } of events) expect(Check(MessageData, data)).toBe(true);
    });

    test('the same fact is stored once, and its effects are carried out once', async () => {
      const first = await current.log.append(message('w1'), [current.note('first')]);
      const second = await current.log.append(message('w1'), [current.note('second')]);
      expect(second).toEqual({ ...first, duplicate: true });
      expect(await current.noted()).toEqual(['first']);
      await current.log.append(message('w2'));
      expect(await scanAll({})).toEqual([message('w1').id, message('w2').id]);
    });

    test('reports of one fact that arrive together are one event', async () => {
      const results = await Promise.all(Array.from({ length: 20 }, () => current.log.append(message('w1'))));
      expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      expect(new Set(results.map(({ seq }) => seq)).size).toBe(1);
    });

    test('a fact is recognised after a restart', async () => {
      const { seq } = await current.log.append(message('w1'));
      const log = await reopen();
      expect(await log.append(message('w1'))).toMatchObject({ seq, duplicate: true });
    });

    test.each([
      ['number to lid', known, moved],
      ['lid to number', moved, known],
      ['number to lid, only the later report tells of both', addressOf(alice), moved],
    ])('a message whose chat moved is the same event: %s', async (_how, before, after) => {
      const { seq } = await current.log.append(fromAlice(before, '3EB0'));
      const log = await reopen();
      expect(await log.append(fromAlice(after, '3EB0'), [current.note('lost')])).toMatchObject({
        seq,
        duplicate: true,
      });
      expect(await current.noted()).toEqual([]);
      // What else is said there, and the same id in another chat, are facts of their own.
      expect(await log.append(fromAlice(after, '3EB1'))).toMatchObject({ duplicate: false });
      expect(await log.append(fromAlice(addressOf(bob), '3EB0'))).toMatchObject({ duplicate: false });
    });

    test('event and effects are stored together or not at all', async () => {
      await expect(current.log.append(message('w1'), [current.note('lost'), current.impossible()])).rejects.toThrow();
      expect(await current.noted()).toEqual([]);
      expect(current.log.head).toBe(0);
      expect(await current.log.append(message('w1'), [current.note('kept')])).toMatchObject({ duplicate: false });
      expect(await current.noted()).toEqual(['kept']);
    });

    test('positions increase in the order of the appends, over restarts too', async () => {
      const events = Array.from({ length: 300 }, (_, index) => message(`w${index}`));
      const results = await Promise.all(events.map((event) => current.log.append(event)));
      for (let index = 1; index < results.length; index++) {
        expect(results[index]!.seq).toBeGreaterThan(results[index - 1]!.seq);
      }
      expect(await scanAll({})).toEqual(events.map(({ id }) => id));
      const head = current.log.head;
      const log = await reopen();
      expect(log.head).toBe(head);
      expect((await log.append(message('next'))).seq).toBeGreaterThan(head);
    });

    test('the epoch stays over a restart', async () => {
      const { epoch } = current.log;
      expect(epoch).toMatch(/^[0-9A-Za-z-]{16,80}$/);
      expect((await reopen()).epoch).toBe(epoch);
    });

    test('a scan finds exactly the events that fit, in log order', async () => {
      const events = [
        message('a1'),
        message('b1', bob),
        message('a2', alice, true),
        acknowledged('a2'),
        message('g1', '120363000000000000@g.us' as ChatId),
        eventOf(session, { type: 'session.degraded', at: new Date(0), data: { reason: 'slow' } }),
        message('a3'),
      ];
      for (const event of events) await current.log.append(event);
      const ids = (...indices: number[]): string[] => indices.map((index) => events[index]!.id);
      expect(await scanAll({})).toEqual(ids(0, 1, 2, 3, 4, 5, 6));
      expect(await scanAll({}, 0, 1)).toEqual(ids(0, 1, 2, 3, 4, 5, 6));
      expect(await scanAll({ types: ['message.received'] })).toEqual(ids(0, 1, 4, 6));
      expect(await scanAll({ fromMe: true })).toEqual(ids(2, 3));
      expect(await scanAll({ fromMe: false })).toEqual(ids(0, 1, 4, 6));
      expect(await scanAll({ chatKinds: ['group'] })).toEqual(ids(4, 5));
      expect(await scanAll({ from: ['+49 151 87654321'] })).toEqual(ids(1));
      expect(await scanAll({ sessions: ['other'] })).toEqual([]);
    });

    test('a scan looks at a bounded number of rows, and says how far it came', async () => {
      await Promise.all(Array.from({ length: 4_500 }, (_, index) => current.log.append(message(`w${index}`))));
      const rare = await current.log.append(message('rare', bob));
      const filter: Filter = { from: [bob] };
      const first = await current.log.scan(0 as Seq, filter, 5);
      expect(first.matches).toEqual([]);
      expect(first.scannedTo).toBeGreaterThan(0);
      expect(first.scannedTo).toBeLessThan(rare.seq);
      expect(await scanAll(filter)).toEqual([rare.id]);
      const end = await current.log.scan(current.log.head, filter, 5);
      expect(end).toEqual({ matches: [], scannedTo: current.log.head });
    });

    test('a scan that found enough stops there, so that nothing is skipped', async () => {
      for (let index = 0; index < 6; index++) await current.log.append(message(`w${index}`));
      const { matches, scannedTo } = await current.log.scan(0 as Seq, { types: ['message.received'] }, 2);
      expect(matches.map(({ seq }) => seq)).toEqual([1, 2]);
      expect(scannedTo).toBe(2);
    });

    test('reads in the order that was asked for and leaves out what is not there', async () => {
      const one = await current.log.append(message('w1'));
      const two = await current.log.append(message('w2'));
      const events = await current.log.read([two.seq, 999 as Seq, one.seq]);
      expect(events.map(({ id }) => id)).toEqual([two.id, one.id]);
      expect(await current.log.read([])).toEqual([]);
    });

    test('finds the preceding matching event of a lane', async () => {
      const first = await current.log.append(message('a1'));
      await current.log.append(message('b1', bob));
      for (let index = 0; index < 150; index++) await current.log.append(acknowledged(`x${index}`));
      const last = await current.log.append(message('a2'));
      const lane = `${session}|${alice}`;
      const received: Filter = { types: ['message.received'] };
      expect(await current.log.previousInLane(lane, last.seq, received)).toBe(first.seq);
      expect(await current.log.previousInLane(lane, last.seq, { from: [alice] })).toBe(first.seq);
      expect(await current.log.previousInLane(lane, last.seq, {})).toBe(last.seq - 1);
      expect(await current.log.previousInLane(lane, first.seq, received)).toBeNull();
      expect(await current.log.previousInLane(`${session}|nobody@c.us`, last.seq, {})).toBeNull();
    });

    test('tells of growth after the commit, with the new head, and of nothing else', async () => {
      const heads: number[] = [];
      const seenAtCall: Promise<number>[] = [];
      const stop = current.log.onGrowth((head) => {
        heads.push(head);
        seenAtCall.push(current.log.read([head]).then((events) => events.length));
      });
      const { seq } = await current.log.append(message('w1'));
      await current.log.append(message('w1'));
      await current.log.scan(0 as Seq, {}, 1);
      expect(heads).toEqual([seq]);
      expect(await Promise.all(seenAtCall)).toEqual([1]);
      const more = await Promise.all([current.log.append(message('w2')), current.log.append(message('w3'))]);
      await current.log.scan(0 as Seq, {}, 1);
      expect(heads.at(-1)).toBe(more[1].seq);
      stop();
      await current.log.append(message('w4'));
      await current.log.scan(0 as Seq, {}, 1);
      expect(heads.at(-1)).toBe(more[1].seq);
    });

    test('retention removes a prefix, raises the horizon, and never gives out a position twice', async () => {
      const old = await Promise.all(['w1', 'w2', 'w3'].map((id) => current.log.append(message(id))));
      clock.time += 10_000;
      const young = await current.log.append(message('w4'));
      expect(current.log.horizon).toBe(0);
      expect(await current.log.removeBefore(clock.time, 2)).toBe(2);
      expect(await current.log.removeBefore(clock.time, 2)).toBe(1);
      expect(await current.log.removeBefore(clock.time, 2)).toBe(0);
      expect(current.log.horizon).toBe(old[2]!.seq);
      expect(await current.log.read([old[0]!.seq, young.seq])).toHaveLength(1);
      expect(await scanAll({})).toEqual([young.id]);

      clock.time += 10_000;
      await current.log.removeBefore(clock.time, 10);
      const log = await reopen();
      expect([log.horizon, log.head]).toEqual([young.seq, young.seq]);
      expect((await log.append(message('w5'))).seq).toBeGreaterThan(young.seq);
    });

    test('a fact is recognised after retention removed its event, until its own time has come', async () => {
      const { seq } = await current.log.append(message('w1'));
      clock.time += 10_000;
      await current.log.removeBefore(clock.time, 10);
      expect(await current.log.pruneDedupe(10)).toBe(0);
      expect(await current.log.append(message('w1'))).toMatchObject({ seq, duplicate: true });
      clock.time += DEDUPE_MS;
      expect(await current.log.pruneDedupe(10)).toBe(1);
      expect(await current.log.append(message('w1'))).toMatchObject({ duplicate: false });
    });

    test('the id of an event that exists is never forgotten', async () => {
      await current.log.append(message('w1'));
      clock.time += 10 * DEDUPE_MS;
      expect(await current.log.pruneDedupe(10)).toBe(0);
      expect(await current.log.append(message('w1'))).toMatchObject({ duplicate: true });
    });

    test('an expired payload leaves a tombstone that still tells where it was', async () => {
      const { seq } = await current.log.append(message('w1'));
      clock.time += 10_000;
      const young = await current.log.append(message('w2'));
      const next = await current.log.expireBefore(clock.time, 0, 10);
      expect(next).toBe(seq);
      expect(await current.log.expireBefore(clock.time, next!, 10)).toBeNull();
      const [expired, present] = await current.log.read([seq, young.seq]);
      expect(expired).toEqual({
        ...message('w1'),
        seq,
        chat: { chatId: alice },
        sender: { chatId: alice, phone: '+4915112345678' },
        data: null,
        withheld: 'expired',
      });
      expect(present).toEqual({ ...message('w2'), seq: young.seq });
      expect(await scanAll({ types: ['message.received'] })).toHaveLength(2);
    });
  });
}
