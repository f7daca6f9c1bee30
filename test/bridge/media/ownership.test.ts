/** Files are fetched by the process that owns their session. */
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { SessionName } from '../../../bridge/src/contract/ids.ts';
import { SwitchedOwners, type SwitchedOwnership } from '../ownership/switched-ownership.ts';
import { openMedia, PNG, SESSION, streamOf, type OpenMedia } from './media-harness.ts';

jest.setTimeout(20_000);

const OWN = 'own' as SessionName;
const WAIT_MS = 15_000;
let media: OpenMedia;
let owners: SwitchedOwners<SessionName>;
let here: SwitchedOwnership<SessionName>;
let elsewhere: SwitchedOwnership<SessionName>;
beforeEach(async () => {
  owners = new SwitchedOwners();
  here = owners.join(OWN);
  elsewhere = owners.join(SESSION);
  media = await openMedia({ ownership: here, fetcher: { concurrency: 2 } });
});
afterEach(() => media.destroy());

const rows = () => media.database.reader.selectFrom('media').selectAll().where('session', '=', SESSION).execute();

test('those of another process wait, untouched, and hide no other; once the session is gained they are fetched', async () => {
  // Unknown here, as a session that another process has added since.
  media.forget();
  const theirs: Awaited<ReturnType<typeof media.expectIncoming>>[] = [];
  for (let index = 0; index < 5; index++) theirs.push(await media.expectIncoming(() => streamOf(PNG)));
  const before = await rows();
  media.fetcher.start();
  media.up(OWN);
  const own = await media.expectIncoming(() => streamOf(PNG), { session: OWN });
  expect((await media.library.info(own, WAIT_MS)).state).toBe('stored');
  // A signal that is not meant for this process.
  media.up();
  const second = await media.expectIncoming(() => streamOf(PNG), { session: OWN });
  expect((await media.library.info(second, WAIT_MS)).state).toBe('stored');
  expect(await rows()).toEqual(before);
  expect(media.asked).toHaveLength(2);
  await owners.handOver(SESSION, here);
  for (const id of theirs) expect((await media.library.info(id, WAIT_MS)).state).toBe('stored');
});

test('a session that is lost is handed over when nothing of it is being fetched any more', async () => {
  await owners.handOver(SESSION, here);
  media.fetcher.start();
  media.up();
  const body = new Readable({ read: () => undefined });
  let tell!: () => void;
  const asked = new Promise<void>((resolve) => (tell = resolve));
  const first = await media.expectIncoming(() => {
    tell();
    return body;
  });
  await asked;
  body.push(PNG);
  let isHandedOver = false;
  const lost = owners.handOver(SESSION, elsewhere).then(() => (isHandedOver = true));
  const second = await media.expectIncoming(() => streamOf(PNG));
  expect(isHandedOver).toBe(false);
  body.push(null);
  await lost;
  expect((await media.library.info(first)).state).toBe('stored');
  expect((await media.library.info(second)).state).toBe('pending');
  expect(media.asked).toHaveLength(1);
});
