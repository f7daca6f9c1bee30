/** The primary of PostgreSQL is lost for good, and a standby takes its place. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { exactly, onServer, Tally } from '../conformance/postgres/tally.ts';
import { startPostgres } from '../servers/postgres.ts';
import type { ServerProcess } from '../servers/server-process.ts';
import { TcpProxy } from '../servers/tcp-proxy.ts';
import { until } from '../until.ts';

jest.setTimeout(300_000);

const ends: (() => Promise<unknown>)[] = [];
let primary: ServerProcess;
let standby: ServerProcess;
/** What moves with the primary, as a host name or an address would. */
let proxy: TcpProxy;
/** Between the standby and the primary. */
let replication: TcpProxy;
let tally: Tally;

const sql = (url: string, ...statements: readonly string[]): Promise<void> =>
  onServer(url, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
/** @param condition on a row of pg_stat_replication */
const untilReplicated = (what: string, condition: string): Promise<boolean> =>
  until(what, () =>
    onServer(primary.url, async (client) => {
      const { rowCount } = await client.query(`SELECT FROM pg_stat_replication WHERE ${condition}`);
      return rowCount === 1;
    }),
  );
const promote = async (): Promise<void> => {
  await sql(standby.url, 'SELECT pg_promote()');
  proxy.leadTo(standby.port);
  proxy.cut();
};
const more = async (units: number): Promise<void> => {
  const target = tally.acknowledged + units;
  await until(`${target} units`, () => tally.acknowledged >= target, { timeoutMs: 120_000 });
};

beforeEach(async () => {
  primary = await startPostgres({ durable: true });
  ends.push(() => primary.stop());
  proxy = await TcpProxy.before(primary.port);
  ends.push(() => proxy.stop());
  replication = await TcpProxy.before(primary.port);
  ends.push(() => replication.stop());
  standby = await startPostgres({ durable: true, follows: replication.through(primary.url) });
  ends.push(() => standby.stop());
  await untilReplicated('the standby to follow', `state = 'streaming'`);
  tally = await Tally.open(proxy.through(primary.url));
  ends.push(() => tally.close());
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

test('a standby that confirms each commit has everything that was acknowledged, and the bridge goes on with it', async () => {
  await sql(primary.url, `ALTER SYSTEM SET synchronous_standby_names = '*'`, 'SELECT pg_reload_conf()');
  await untilReplicated('a synchronous standby', `sync_state = 'sync'`);
  const stop = tally.run(20);
  await more(300);
  await primary.kill();
  const acknowledged = tally.acknowledged;
  // The standby only reads as yet: the bridge waits.
  proxy.leadTo(standby.port);
  await until('the reason', () => /read-only/.test(tally.database.availability.outage?.reason ?? ''));
  await promote();
  await more(300);
  await stop();
  expect(tally.fatal).toEqual([]);
  expect(tally.acknowledged).toBeGreaterThanOrEqual(acknowledged + 300);
  expect(await tally.check(standby.url)).toEqual(exactly(tally.acknowledged));
});

test('one that lags has lost what was acknowledged meanwhile, and the bridge stops instead of going on over the gap', async () => {
  await tally.one();
  await untilReplicated('the standby to have it', 'replay_lsn = pg_current_wal_lsn()');
  await replication.refuse();
  for (let unit = 0; unit < 5; unit++) await tally.one();
  await primary.kill();
  await promote();
  await until('the end', () => tally.fatal.length > 0);
  expect(tally.fatal).toMatchObject([{ code: 'WAB_DATABASE_CHANGED' }]);
  await expect(tally.one()).rejects.toMatchObject({ code: 'WAB_SHUTTING_DOWN' });
  expect(await tally.check(standby.url)).toMatchObject({ acknowledged: 6, events: 1 });
});
