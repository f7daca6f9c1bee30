/** What is stored: each fact once, whole, with its effects, in order; and who learns of it. */
import { expect, test } from '@jest/globals';
import { Check } from 'typebox/value';
import { MEDIA_ID_PATTERN, type Seq } from '../../../bridge/src/contract/ids.ts';
import { MessageData } from '../../../bridge/src/contract/message-data.ts';
import type { NewEvent } from '../../../bridge/src/contract/events.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import type { EventLogAtTest } from './event-log-at-test.ts';
import { alice, bob, fromAlice, known, message, moved } from './sample-events.ts';

export function appendingChecks(at: EventLogAtTest): void {
  test('stores an event and gives it back as it was', async () => {
    const event = message('w1');
    const { seq, id, duplicate } = await at.log.append(event);
    expect({ id, duplicate }).toEqual({ id: event.id, duplicate: false });
    expect(await at.log.read([seq])).toEqual([{ ...event, seq }]);
    expect(at.log.head).toBe(seq);
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
    for (const event of old) seqs.push((await at.log.append(event)).seq);
    const events = await at.log.read(seqs);
    expect(events.map(({ id }) => id)).toEqual(old.map(({ id }) => id));
    expect(events.map(({ data }) => data)).toEqual(read.map((data) => ({ ...common, ...data })));
    for (const { data } of events) expect(Check(MessageData, data)).toBe(true);
  });

  test('the same fact is stored once, and its effects are carried out once', async () => {
    const first = await at.log.append(message('w1'), [at.note('first')]);
    const second = await at.log.append(message('w1'), [at.note('second')]);
    expect(second).toEqual({ ...first, duplicate: true });
    expect(await at.noted()).toEqual(['first']);
    await at.log.append(message('w2'));
    expect(await at.scanAll({})).toEqual([message('w1').id, message('w2').id]);
  });

  test('reports of one fact that arrive together are one event', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, () => at.log.append(message('w1'))));
    expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(new Set(results.map(({ seq }) => seq)).size).toBe(1);
  });

  test('a fact is recognised after a restart', async () => {
    const { seq } = await at.log.append(message('w1'));
    const log = await at.reopen();
    expect(await log.append(message('w1'))).toMatchObject({ seq, duplicate: true });
  });

  test.each([
    ['number to lid', known, moved],
    ['lid to number', moved, known],
    ['number to lid, only the later report tells of both', addressOf(alice), moved],
  ])('a message whose chat moved is the same event: %s', async (_how, before, after) => {
    const { seq } = await at.log.append(fromAlice(before, '3EB0'));
    const log = await at.reopen();
    expect(await log.append(fromAlice(after, '3EB0'), [at.note('lost')])).toMatchObject({
      seq,
      duplicate: true,
    });
    expect(await at.noted()).toEqual([]);
    // What else is said there, and the same id in another chat, are facts of their own.
    expect(await log.append(fromAlice(after, '3EB1'))).toMatchObject({ duplicate: false });
    expect(await log.append(fromAlice(addressOf(bob), '3EB0'))).toMatchObject({ duplicate: false });
  });

  test('event and effects are stored together or not at all', async () => {
    await expect(at.log.append(message('w1'), [at.note('lost'), at.impossible()])).rejects.toThrow();
    expect(await at.noted()).toEqual([]);
    expect(at.log.head).toBe(0);
    expect(await at.log.append(message('w1'), [at.note('kept')])).toMatchObject({ duplicate: false });
    expect(await at.noted()).toEqual(['kept']);
  });

  test('positions increase in the order of the appends, over restarts too', async () => {
    const events = Array.from({ length: 300 }, (_, index) => message(`w${index}`));
    const results = await Promise.all(events.map((event) => at.log.append(event)));
    for (let index = 1; index < results.length; index++) {
      expect(results[index]!.seq).toBeGreaterThan(results[index - 1]!.seq);
    }
    expect(await at.scanAll({})).toEqual(events.map(({ id }) => id));
    const head = at.log.head;
    const log = await at.reopen();
    expect(log.head).toBe(head);
    expect((await log.append(message('next'))).seq).toBeGreaterThan(head);
  });

  test('the epoch stays over a restart', async () => {
    const { epoch } = at.log;
    expect(epoch).toMatch(/^[0-9A-Za-z-]{16,80}$/);
    expect((await at.reopen()).epoch).toBe(epoch);
  });

  test('tells of growth after the commit, with the new head, and of nothing else', async () => {
    const heads: number[] = [];
    const seenAtCall: Promise<number>[] = [];
    const stop = at.log.onGrowth((head) => {
      heads.push(head);
      seenAtCall.push(at.log.read([head]).then((events) => events.length));
    });
    const { seq } = await at.log.append(message('w1'));
    await at.log.append(message('w1'));
    await at.log.scan(0 as Seq, {}, 1);
    expect(heads).toEqual([seq]);
    expect(await Promise.all(seenAtCall)).toEqual([1]);
    const more = await Promise.all([at.log.append(message('w2')), at.log.append(message('w3'))]);
    await at.log.scan(0 as Seq, {}, 1);
    expect(heads.at(-1)).toBe(more[1].seq);
    stop();
    await at.log.append(message('w4'));
    await at.log.scan(0 as Seq, {}, 1);
    expect(heads.at(-1)).toBe(more[1].seq);
  });
}
