import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { NewEvent } from '../../../bridge/src/contract/events.ts';
import type { ChatId, OutboxId, Seq, SessionName, MessageId } from '../../../bridge/src/contract/ids.ts';
import type { EngineFact, EngineMessage } from '../../../bridge/src/engine/engine.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import type { Appended } from '../../../bridge/src/events/event-log.ts';
import { Recorder, type EffectSource, type OutboxReference } from '../../../bridge/src/events/recorder.ts';
import type { Call } from '../../../bridge/src/store/operation.ts';
import { messageFact } from './message-fact.ts';

const support = 'support' as SessionName;
const chat = addressOf('4915112345678@c.us' as ChatId);
const call = (operation: string): Call<unknown> => ({ operation, args: null });
const message = (messageId: string, patch: Partial<EngineMessage> = {}): EngineFact =>
  messageFact({
    messageId: messageId as MessageId,
    chat,
    sender: chat,
    fromMe: false,
    sentAt: new Date(0),
    kind: 'text',
    text: 'hi',
    mentions: [],
    quotedMessageId: null,
    ...(patch as object),
  });
const ack = (messageId: string): EngineFact => ({
  type: 'message.acknowledged',
  at: new Date(0),
  chat,
  data: { messageId: messageId, ack: 'read' },
});
const image = { kind: 'image', media: { mimeType: 'image/png' } } as const;

describe('Recorder', () => {
  const appended: { event: NewEvent; effects: readonly Call<unknown>[] }[] = [];
  const stored = new Map<string, number>();
  const onMediaExpected = jest.fn();
  const recorded = jest.fn<NonNullable<EffectSource['recorded']>>();
  let commit: () => Promise<void>;
  let outboxMessageOf: (messageIds: readonly MessageId[]) => Promise<OutboxReference | null>;
  let recorder: Recorder;

  beforeEach(() => {
    appended.length = 0;
    stored.clear();
    onMediaExpected.mockClear();
    recorded.mockClear();
    commit = () => Promise.resolve();
    outboxMessageOf = () => Promise.resolve(null);
    recorder = new Recorder({
      log: {
        async append(event, effects = []): Promise<Appended> {
          const known = stored.get(event.id);
          appended.push({ event, effects });
          stored.set(event.id, known ?? appended.length);
          await commit();
          return { id: event.id, seq: (known ?? appended.length) as Seq, duplicate: known !== undefined };
        },
      },
      sources: [
        {
          effectsOf: (_session, fact, event) => [call(`${fact.type}:${event.id}`)],
          outboxMessageOf: (_session, _fact, messageIds) => outboxMessageOf(messageIds),
          recorded,
        },
        { effectsOf: () => Promise.resolve([call('second')]) },
      ],
      media: { expect: ({ media }) => call(`expect:${media.mediaId}`) },
      onMediaExpected,
    });
  });
  const operations = (index: number): string[] => appended[index]!.effects.map(({ operation }) => operation);

  test('an event carries the effects of every source', async () => {
    await expect(recorder.record(support, message('w1'))).resolves.toMatchObject({ seq: 1, duplicate: false });
    expect(appended[0]!.event).toMatchObject({ type: 'message.received', session: 'support' });
    expect(operations(0)).toEqual([`message.received:${appended[0]!.event.id}`, 'second']);
  });

  test('acknowledgements name the outbox message they are about', async () => {
    outboxMessageOf = ([messageId]) =>
      Promise.resolve(messageId === 'ours' ? { id: 'out_7' as OutboxId, untold: null } : null);
    await recorder.record(support, ack('ours'));
    await recorder.record(support, ack('theirs'));
    await recorder.record(support, message('ours', { fromMe: true }));
    await recorder.record(support, {
      type: 'message.failed',
      at: new Date(0),
      chat,
      data: { messageId: 'ours', reason: 'r' },
    });
    expect(appended.map(({ event }) => (event.data as { outboxId?: string }).outboxId)).toEqual([
      'out_7',
      undefined,
      'out_7',
      'out_7',
    ]);
  });

  test('a fact that is about no message is recorded without an outbox message or a file', async () => {
    outboxMessageOf = () => Promise.reject(new Error('not about a message'));
    const fact = { type: 'session.degraded', at: new Date(0), data: { reason: 'r' } } as unknown as EngineFact;
    await expect(recorder.record(support, fact)).resolves.toMatchObject({ duplicate: false });
    expect(appended[0]!.event).toMatchObject({ type: 'session.degraded', chat: null, data: { reason: 'r' } });
    expect(operations(0)).toEqual([`session.degraded:${appended[0]!.event.id}`, 'second']);
  });

  test('facts of a session keep their order, also where one takes longer to prepare', async () => {
    let release = (): void => undefined;
    outboxMessageOf = () => new Promise((resolve) => (release = () => resolve(null)));
    const slow = recorder.record(support, ack('w1'));
    const fast = recorder.record(support, message('w2'));
    const other = recorder.record('sales' as SessionName, message('w3'));
    await other;
    expect(appended.map(({ event }) => event.type)).toEqual(['message.received']);
    release();
    await Promise.all([slow, fast]);
    expect(appended.map(({ event }) => event.type)).toEqual([
      'message.received',
      'message.acknowledged',
      'message.received',
    ]);
  });

  test('facts of a session share a commit: the next does not wait for the one before', async () => {
    let release = (): void => undefined;
    const committed = new Promise<void>((resolve) => (release = resolve));
    commit = () => committed;
    const both = [recorder.record(support, message('w1')), recorder.record(support, message('w2'))];
    while (appended.length < 2) await new Promise((resolve) => setImmediate(resolve));
    release();
    await Promise.all(both);
  });

  test('a fact that cannot be prepared fails alone', async () => {
    outboxMessageOf = () => Promise.reject(new Error('no database'));
    const results = await Promise.allSettled([
      recorder.record(support, ack('w1')),
      recorder.record(support, message('w2')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  test('a medium is expected in the transaction of its event, and fetched after the commit, once', async () => {
    commit = () => {
      expect(onMediaExpected).not.toHaveBeenCalled();
      return Promise.resolve();
    };
    await recorder.record(support, message('w1', image));
    const media = (appended[0]!.event.data as { media: { mediaId: string } }).media;
    expect(operations(0)).toContain(`expect:${media.mediaId}`);
    expect(onMediaExpected.mock.calls).toEqual([[expect.objectContaining({ kind: 'image', media }), support, 'w1']]);
    commit = () => Promise.resolve();
    await expect(recorder.record(support, message('w1', image))).resolves.toMatchObject({ duplicate: true });
    expect(onMediaExpected).toHaveBeenCalledTimes(1);
  });

  test('sources are told once a fact is durable, of duplicates too', async () => {
    await recorder.record(support, ack('w1'));
    await recorder.record(support, ack('w1'));
    expect(recorded.mock.calls.map(([, , { duplicate }]) => duplicate)).toEqual([false, true]);
    commit = () => Promise.reject(new Error('disk full'));
    await expect(recorder.record(support, ack('w2'))).rejects.toThrow('disk full');
    expect(recorded).toHaveBeenCalledTimes(2);
  });
});
