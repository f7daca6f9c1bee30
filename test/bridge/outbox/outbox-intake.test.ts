import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { KeyId, OutboxId, SessionName } from '../../../bridge/src/contract/ids.ts';
import { WabError } from '../../../bridge/src/contract/errors.ts';
import { EngineError } from '../../../bridge/src/engine/engine.ts';
import type { MediaInfo } from '../../../bridge/src/media/media-library.ts';
import { digestOf } from '../../../bridge/src/outbox/outbox-content.ts';
import { IDEMPOTENCY_MS } from '../../../bridge/src/outbox/outbox-intake.ts';
import type { HarnessOptions, OpenOutbox } from './outbox-harness.ts';
import { ALICE, asked, type Asked, KEY, SESSION } from './outbox-samples.ts';
import { Network } from './scripted-network.ts';
import { OutboxLives } from './outbox-lives.ts';
import { systemClock } from '../../../bridge/src/ops/clock.ts';

jest.setTimeout(60_000);

const lives = new OutboxLives();
let outbox: OpenOutbox;
const open = async (options: HarnessOptions = {}): Promise<OpenOutbox> => (outbox = await lives.open(options));
const hello: Asked = { session: SESSION, to: '+49 1511 111111', type: 'text', text: 'hello' };
const accept = (request: Asked, idempotencyKey: string, more: { keyId?: KeyId; firstAnswer?: boolean } = {}) =>
  outbox.service.accept(...asked(request), { keyId: KEY, firstAnswer: false, ...more, idempotencyKey });
const stored = () => outbox.service.list({ limit: 100 });

beforeEach(lives.begin);
afterEach(lives.end);

describe('idempotency', () => {
  test('the same key and body answer with the first message, also at once and after a restart', async () => {
    await open();
    const answers = await Promise.all(Array.from({ length: 20 }, () => accept(hello, 'k1')));
    expect(new Set(answers.map(({ message }) => message.id)).size).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await stored()).toHaveLength(1);
    await outbox.close();
    await open();
    // The order of the members plays no part.
    const again = await accept({ text: 'hello', type: 'text', to: hello['to'], session: SESSION }, 'k1');
    expect(again).toMatchObject({ replayed: true, message: { id: answers[0]!.message.id, replayed: true } });
  });

  test.each([
    ['text', { text: 'hello' }, { text: 'hello' }],
    ['document', { mediaId: 'm-1', text: 'Your invoice' }, { mediaId: 'm-1', caption: 'Your invoice' }],
    ['image', { mediaId: 'm-1' }, { mediaId: 'm-1' }],
    ['reaction', { messageId: 'true_1@c.us_1', emoji: '👍' }, { messageId: 'true_1@c.us_1', emoji: '👍' }],
  ])('the digest of a %s request is the one that earlier versions remembered', (type, input, first) => {
    const request = { session: SESSION, to: '+491511111111', ...input };
    const ordered = Object.entries({ session: SESSION, to: '+491511111111', ...first, type }).sort(([a], [b]) =>
      a < b ? -1 : 1,
    );
    const digest = createHash('sha256').update(JSON.stringify(ordered)).digest('base64url');
    expect(digestOf(...asked({ ...request, type }))).toBe(digest);
  });

  test('another body under the same key is refused, unless the first answer is wanted', async () => {
    await open();
    const first = await accept(hello, 'k1');
    const other: Asked = { ...hello, type: 'text', text: 'bye' };
    await expect(accept(other, 'k1')).rejects.toMatchObject({ code: 'WAB_IDEMPOTENCY_KEY_REUSED' });
    expect(await accept(other, 'k1', { firstAnswer: true })).toMatchObject({
      replayed: true,
      message: { id: first.message.id },
    });
    expect(await stored()).toHaveLength(1);
  });

  test('two signing keys never collide', async () => {
    await open();
    await accept(hello, 'k1');
    expect((await accept(hello, 'k1', { keyId: 'keyB' as KeyId })).replayed).toBe(false);
  });

  test('a repetition is answered although the session is gone', async () => {
    await open();
    const first = await accept(hello, 'k1');
    outbox.sessions.forget();
    expect((await accept(hello, 'k1')).message.id).toBe(first.message.id);
    await expect(accept(hello, 'k2')).rejects.toMatchObject({ code: 'WAB_SESSION_NOT_FOUND' });
  });

  test('a key is forgotten after 7 days, in use and on disk', async () => {
    let now = Date.now();
    await open({ clock: { ...systemClock, now: () => now, sleep: () => Promise.resolve() } });
    const first = await accept(hello, 'k1');
    now += IDEMPOTENCY_MS;
    expect((await accept(hello, 'k1')).replayed).toBe(true);
    now += 1;
    const second = await accept(hello, 'k1');
    expect(second).toMatchObject({ replayed: false });
    expect(second.message.id).not.toBe(first.message.id);
    now += IDEMPOTENCY_MS + 1;
    await outbox.maintenance.runOnce();
    expect(await outbox.database.reader.selectFrom('outbox_idempotency').selectAll().execute()).toEqual([]);
  });
});

describe('what is refused before anything is stored', () => {
  const refused = async (request: Asked, code: string): Promise<void> => {
    await expect(accept(request, `k-${code}`)).rejects.toMatchObject({ code });
    expect(await stored()).toEqual([]);
    expect(await outbox.database.reader.selectFrom('outbox_idempotency').selectAll().execute()).toEqual([]);
  };

  test('unknown session, bad address, bad mention, operation that the engine lacks, unknown media', async () => {
    await open();
    await refused({ ...hello, session: 'nobody' }, 'WAB_SESSION_NOT_FOUND');
    await refused({ ...hello, to: 'abc' }, 'WAB_ADDRESS_INVALID');
    await refused({ ...hello, mentions: ['x@y'] }, 'WAB_ADDRESS_INVALID');
    await refused(
      { session: SESSION, to: ALICE, type: 'video', mediaId: 'med_00000000000000000000000000' },
      'WAB_OPERATION_UNSUPPORTED',
    );
    await refused(
      { session: SESSION, to: ALICE, type: 'image', mediaId: 'med_00000000000000000000000000' },
      'WAB_MEDIA_NOT_FOUND',
    );
  });

  test('a recipient that a ready session does not know', async () => {
    const network = new Network();
    network.resolve = () => {
      throw new EngineError('fail', 'WAB_CHAT_UNKNOWN', 'no such account');
    };
    await open({ network });
    outbox.sessions.up();
    await refused(hello, 'WAB_CHAT_UNKNOWN');
  });

  test('media that another session received', async () => {
    const info = { session: 'sales' as SessionName } as MediaInfo;
    await open({
      media: { info: () => Promise.resolve(info), forSend: () => Promise.reject(new Error('not reached')) },
    });
    await refused(
      { session: SESSION, to: ALICE, type: 'image', mediaId: 'med_00000000000000000000000000' },
      'WAB_MEDIA_NOT_FOUND',
    );
  });

  test('media that vanished between the check and the write', async () => {
    const file = { path: '/x', mimeType: 'image/png', sizeBytes: 1, fileName: 'x.png' };
    await open({
      media: { info: () => Promise.resolve({ session: null } as MediaInfo), forSend: () => Promise.resolve(file) },
    });
    await refused(
      { session: SESSION, to: ALICE, type: 'image', mediaId: 'med_00000000000000000000000000' },
      'WAB_MEDIA_NOT_FOUND',
    );
  });
});

describe('what is taken', () => {
  test('the address as WhatsApp knows it, where the session is ready', async () => {
    const network = new Network();
    network.resolve = () => ({ chatId: ALICE, phone: '+491511111111', lid: '7@lid' });
    await open({ network });
    outbox.sessions.up();
    const { message } = await accept({ ...hello, to: '7@lid' }, 'k1');
    expect(message).toMatchObject({
      chat: { chatId: ALICE, lid: '7@lid' },
      state: 'queued',
      attempts: 0,
      messageId: null,
      error: null,
      nextAttemptAt: null,
      expiresAt: expect.any(String),
    });
  });

  test('a recipient that cannot be known now, in time', async () => {
    const network = new Network();
    network.resolve = () => new Promise(() => undefined);
    await open({ network, clock: { ...systemClock, sleep: () => Promise.resolve() } });
    outbox.sessions.up();
    expect((await accept(hello, 'k1')).message).toMatchObject({ chat: { chatId: ALICE }, state: 'queued' });
  });
});

describe('what clients and operators do with a message', () => {
  test('waiting ends with the transition, not with the time', async () => {
    await open();
    await outbox.dispatcher.start();
    const { message } = await accept(hello, 'k1');
    const waiting = outbox.service.get(message.id as OutboxId, 60_000);
    outbox.sessions.up();
    expect((await waiting).state).toBe('accepted');
  });

  test('waiting ends in time where nothing moves', async () => {
    await open();
    const { message } = await accept(hello, 'k1');
    expect((await outbox.service.get(message.id as OutboxId, 30)).state).toBe('queued');
  });

  test('a queued message can be withdrawn, once, and never leaves', async () => {
    await open();
    const { message } = await accept(hello, 'k1');
    const id = message.id as OutboxId;
    expect((await outbox.service.cancel(id)).state).toBe('cancelled');
    await expect(outbox.service.cancel(id)).rejects.toMatchObject({ code: 'WAB_OUTBOX_STATE' });
    await expect(outbox.service.resolve(id, 'resend')).rejects.toMatchObject({ code: 'WAB_OUTBOX_STATE' });
    outbox.sessions.up();
    await outbox.dispatcher.start();
    const next = await accept({ ...hello, type: 'text', text: 'next' }, 'k2');
    await outbox.until(next.message.id, 'accepted');
    expect(outbox.network.texts()).toEqual(['next']);
  });

  test('the list is newest first, by session and state, page by page', async () => {
    await open();
    const ids: string[] = [];
    for (let index = 0; index < 5; index++)
      ids.unshift((await accept({ ...hello, type: 'text', text: `m${index}` }, `k${index}`)).message.id);
    await outbox.service.cancel(ids[1] as OutboxId);
    const list = async (filter: object) => (await outbox.service.list({ limit: 10, ...filter })).map(({ id }) => id);
    expect(await list({})).toEqual(ids);
    expect(await list({ states: ['cancelled'] })).toEqual([ids[1]]);
    expect(await list({ session: 'nobody' as SessionName })).toEqual([]);
    expect(await list({ before: ids[1] as OutboxId, limit: 2 })).toEqual([ids[2], ids[3]]);
  });

  test('what does not exist is said', async () => {
    await open();
    const nothing = 'out_00000000000000000000000000' as OutboxId;
    for (const call of [
      outbox.service.get(nothing, 1_000),
      outbox.service.cancel(nothing),
      outbox.service.resolve(nothing, 'sent'),
    ]) {
      await expect(call).rejects.toBeInstanceOf(WabError);
      await expect(call).rejects.toMatchObject({ code: 'WAB_OUTBOX_NOT_FOUND' });
    }
  });

  test('chat ids are kept apart from each other', async () => {
    await open();
    const group = await accept({ ...hello, to: '123-456@g.us' }, 'k1');
    expect(group.message.chat).toEqual({ chatId: '123-456@g.us' });
  });
});
