/** The disk of PostgreSQL is full: a real file system, of memory, with a few megabytes. It needs the right to mount. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exactly, onServer, Tally } from '../conformance/postgres/tally.ts';
import { startPostgres } from '../servers/postgres.ts';
import type { ServerProcess } from '../servers/server-process.ts';

jest.setTimeout(180_000);

const run = promisify(execFile);
/** An empty database has seven. */
const MEGABYTES = 24;
/** What an index of the event log needs at most before it asks for another page. */
const UNITS = 2_000;

let disk: string;
let server: ServerProcess;
let url: string;

beforeAll(async () => {
  disk = mkdtempSync(join(tmpdir(), 'wabridge-disk-'));
  await run('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m,mode=0700,uid=postgres,gid=postgres`, 'tmpfs', disk]);
  server = await startPostgres();
  await onServer(server.url, async (client) => {
    await client.query(`CREATE TABLESPACE small LOCATION '${disk}'`);
    await client.query('CREATE DATABASE small TABLESPACE small');
  });
  url = Object.assign(new URL(server.url), { pathname: '/small' }).href;
});
afterAll(async () => {
  await server.stop();
  await run('umount', [disk]);
  rmSync(disk, { recursive: true });
});

/** Takes what is left. */
function fill(file: string): void {
  const chunk = Buffer.alloc(64 * 1024);
  for (;;) {
    try {
      writeFileSync(file, chunk, { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
      throw error;
    }
  }
}

test('writes fail and say why, reads go on, and once there is room so do writes: nothing lost, nothing twice', async () => {
  const tally = await Tally.open(url);
  try {
    await tally.one();
    const ballast = join(disk, 'ballast');
    fill(ballast);
    let failure: unknown;
    for (let unit = 0; unit < UNITS && failure === undefined; unit++)
      await tally.one().catch((error: unknown) => (failure = error));
    expect(failure).toMatchObject({ code: 'WAB_DISK_FULL' });
    expect(tally.database.availability.outage).toBeNull();
    const read = await tally.database.reader.selectFrom('events').select('id').execute();
    expect(read).toHaveLength(tally.acknowledged);

    rmSync(ballast);
    for (let unit = 0; unit < 100; unit++) await tally.one();
    expect(await tally.check(url)).toEqual(exactly(tally.acknowledged));
    expect(tally.fatal).toEqual([]);
  } finally {
    await tally.close();
  }
});
