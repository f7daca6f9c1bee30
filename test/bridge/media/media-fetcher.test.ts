import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { SessionName } from '../../../bridge/src/contract/ids.ts';
import { EngineError } from '../../../bridge/src/engine/engine.ts';
import { MovedClock } from '../outbox/moved-clock.ts';
import {
  LIMITS,
  openMedia,
  PNG,
  SESSION,
  streamOf,
  type MediaHarnessOptions,
  type OpenMedia,
} from './media-harness.ts';

jest.setTimeout(20_000);

let media: OpenMedia;
const start = async (options: MediaHarnessOptions = {}, ready = true): Promise<OpenMedia> => {
  media = await openMedia(options);
  if (ready) media.up();
  media.fetcher.start();
  return media;
};
const WAIT_MS = 15_000;
const later = () => new EngineError('defer', 'WAB_SEND_REFUSED', 'not now');
/** Answers call after call. */
const script = (...answers: (() => Readable)[]) => {
  let call = 0;
  return () => answers[Math.min(call++, answers.length - 1)]!();
};
const fail = (error: Error) => () => {
  throw error;
};

afterEach(() => media.destroy());

test('an incoming file is fetched and stored with the type found in its bytes', async () => {
  await start();
  const id = await media.expectIncoming(() => streamOf(PNG), { mimeType: 'image/jpeg', fileName: 'photo.jpg' });
  expect(await media.library.info(id, WAIT_MS)).toMatchObject({
    session: SESSION,
    state: 'stored',
    mimeType: 'image/png',
    fileName: 'photo.jpg',
  });
  expect((await buffer((await media.library.open(id)).stream)).equals(PNG)).toBe(true);
});

test('while it is fetched it is pending: asking waits, opening says so', async () => {
  await start();
  const body = new Readable({ read: () => undefined });
  const id = await media.expectIncoming(() => body);
  expect((await media.library.info(id)).state).toBe('pending');
  await expect(media.library.open(id)).rejects.toMatchObject({ code: 'WAB_MEDIA_PENDING' });
  const waiting = media.library.info(id, 60_000);
  body.push(PNG);
  body.push(null);
  expect((await waiting).state).toBe('stored');
});

test('what WhatsApp cannot give now is asked for again', async () => {
  await start();
  const id = await media.expectIncoming(
    script(fail(later()), fail(new Error('the page reloaded')), () => streamOf(PNG)),
  );
  expect((await media.library.info(id, WAIT_MS)).state).toBe('stored');
  expect(media.asked).toHaveLength(3);
});

test('what WhatsApp has no more fails at once, with the reason as data', async () => {
  await start();
  const id = await media.expectIncoming(fail(new EngineError('fail', 'WAB_SEND_REFUSED', 'it has expired')));
  expect(await media.library.info(id, WAIT_MS)).toMatchObject({ state: 'failed', failure: 'it has expired' });
  expect(media.asked).toHaveLength(1);
  await expect(media.library.open(id)).rejects.toMatchObject({ code: 'WAB_MEDIA_FAILED' });
});

test('a file that is too large fails, and nothing of it stays', async () => {
  await start();
  const id = await media.expectIncoming(() => streamOf(PNG, Buffer.alloc(LIMITS.image)));
  expect(await media.library.info(id, WAIT_MS)).toMatchObject({
    state: 'failed',
    failure: expect.stringContaining('larger'),
  });
  expect(await media.filesOnDisk()).toEqual([]);
});

test.each([
  ['image', LIMITS.image],
  ['sticker', LIMITS.image],
  ['video', LIMITS.video],
  ['audio', LIMITS.audio],
  ['document', LIMITS.document],
] as const)('the engine is told how large a %s may be, before it takes one byte', async (kind, limitBytes) => {
  await start();
  const id = await media.expectIncoming(() => streamOf(PNG), { kind });
  expect((await media.library.info(id, WAIT_MS)).state).toBe('stored');
  expect(media.askedLimits).toEqual([limitBytes]);
});

test('gives up after the attempts that are allowed', async () => {
  await start({ fetcher: { maxAttempts: 3 } });
  const id = await media.expectIncoming(fail(later()));
  expect(await media.library.info(id, WAIT_MS)).toMatchObject({ state: 'failed', failure: 'not now' });
  expect(media.asked).toHaveLength(3);
});

test('a download that falls silent is ended and begun again', async () => {
  await start({ fetcher: { stallMs: 40 } });
  const silent = new Readable({ read: () => undefined });
  silent.push(PNG.subarray(0, 10));
  const id = await media.expectIncoming(
    script(
      () => silent,
      () => streamOf(PNG),
    ),
  );
  expect((await media.library.info(id, WAIT_MS)).state).toBe('stored');
  expect(silent.destroyed).toBe(true);
});

describe('sessions and restarts', () => {
  test('it waits for its session and goes on when that is ready', async () => {
    await start({}, false);
    const id = await media.expectIncoming(() => streamOf(PNG));
    expect((await media.library.info(id, 30)).state).toBe('pending');
    media.up();
    expect((await media.library.info(id, WAIT_MS)).state).toBe('stored');
  });

  test('an unready session costs no attempt', async () => {
    await start({ fetcher: { maxAttempts: 1 } });
    const away = new EngineError('defer', 'WAB_SESSION_NOT_READY', 'reconnecting');
    const id = await media.expectIncoming(script(fail(away), fail(away), () => streamOf(PNG)));
    expect((await media.library.info(id, WAIT_MS)).state).toBe('stored');
  });

  test('what was being fetched when the bridge ended is fetched after the restart', async () => {
    await start();
    const hanging = new Readable({ read: () => undefined });
    const begun = new Promise<void>((resolve) =>
      hanging
        .once('resume', resolve)
        .once('readable', resolve)
        .once('newListener', () => resolve()),
    );
    const id = await media.expectIncoming(() => hanging);
    await begun;
    await media.close();
    expect(hanging.destroyed).toBe(true);
    const { folder } = media;
    media = await openMedia({ folder });
    expect((await media.library.info(id)).state).toBe('pending');
    const again = await media.expectIncoming(() => streamOf(PNG));
    expect(again).not.toBe(id);
    media.answerAll(() => streamOf(PNG));
    media.up();
    media.fetcher.start();
    expect((await media.library.info(id, WAIT_MS)).state).toBe('stored');
  });

  test('a download that has not begun does not hold up the stop', async () => {
    await start();
    let asked = (): void => undefined;
    const begun = new Promise<void>((resolve) => (asked = resolve));
    await media.expectIncoming(() => {
      asked();
      return new Promise<never>(() => undefined);
    });
    await begun;
    await media.fetcher.stop();
  });

  test('the files of a deleted session fail', async () => {
    await start({}, false);
    media.forget();
    const id = await media.expectIncoming(() => streamOf(PNG));
    expect(await media.library.info(id, WAIT_MS)).toMatchObject({
      state: 'failed',
      failure: expect.stringContaining('deleted'),
    });
  });

  test('a session whose downloads hang leaves room for another', async () => {
    await start({ fetcher: { concurrency: 3, perSession: 2 } });
    const other = 'sales' as SessionName;
    media.up(other);
    for (let index = 0; index < 6; index++) await media.expectIncoming(() => new Readable({ read: () => undefined }));
    const id = await media.expectIncoming(() => streamOf(PNG), { session: other });
    expect((await media.library.info(id, WAIT_MS)).state).toBe('stored');
  });
});

test('at most as many downloads as allowed, and all come to their end', async () => {
  await start({ fetcher: { concurrency: 3, perSession: 3 } }, false);
  let running = 0;
  let most = 0;
  const slow = () => {
    most = Math.max(most, ++running);
    return Readable.from(
      (async function* () {
        await new Promise((resolve) => setTimeout(resolve, 10));
        running--;
        yield PNG;
      })(),
    );
  };
  const ids = [];
  for (let index = 0; index < 12; index++) ids.push(await media.expectIncoming(slow));
  media.up();
  for (const id of ids) expect((await media.library.info(id, WAIT_MS)).state).toBe('stored');
  expect(most).toBe(3);
});

test('the same fact a second time changes nothing', async () => {
  await start();
  const id = await media.expectIncoming(() => streamOf(PNG));
  await media.library.info(id, WAIT_MS);
  await media.database.write(
    media.library.expect({ kind: 'image', media: { mediaId: id, mimeType: 'x/y' } }, SESSION, media.asked[0]!),
  );
  expect((await media.library.info(id)).state).toBe('stored');
});

describe('the clock was set back by two hours', () => {
  const BACK = -2 * 3600;
  const row = () => media.database.reader.selectFrom('media').select(['attempts', 'due_at']).executeTakeFirst();
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + WAIT_MS; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 10)))
      if (Date.now() > end) throw new Error('waited in vain');
  };

  test('over a restart: what was expected before is fetched', async () => {
    const clock = new MovedClock();
    const before = await openMedia({ clock });
    const id = await before.expectIncoming(() => streamOf(PNG));
    await before.close();
    clock.forward(BACK);
    media = await openMedia({ clock, folder: before.folder });
    media.answerAll(() => streamOf(PNG));
    media.up();
    media.fetcher.start();
    expect((await media.library.info(id, WAIT_MS)).state).toBe('stored');
  });

  test('over a restart: what was put off is tried again', async () => {
    const clock = new MovedClock();
    const options = { clock, fetcher: { baseDelayMs: 60_000, maxDelayMs: 60_000 } };
    await start(options);
    const id = await media.expectIncoming(fail(later()));
    await until(async () => (await row())?.attempts === 1);
    const { folder } = media;
    await media.close();
    clock.forward(BACK);
    media = await openMedia({ ...options, folder });
    media.answerAll(() => streamOf(PNG));
    media.up();
    media.fetcher.start();
    expect((await media.library.info(id, WAIT_MS)).state).toBe('stored');
  });

  test('while the session is away: its files are put off once, not again and again', async () => {
    const clock = new MovedClock();
    await start({ clock, fetcher: { baseDelayMs: 60_000, maxDelayMs: 60_000 } });
    const id = await media.expectIncoming(script(fail(later()), () => streamOf(PNG)));
    await until(async () => (await row())?.attempts === 1);
    media.down();
    clock.forward(BACK);
    media.fetcher.wake();
    await until(async () => (await row())!.due_at! < clock.now() + 600_000);
    media.up();
    expect((await media.library.info(id, WAIT_MS)).state).toBe('stored');
  });
});
