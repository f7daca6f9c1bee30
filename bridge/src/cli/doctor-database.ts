/** What can be wrong with the database, and what each costs. */
import { join } from 'node:path';
import { isLoopback } from '../config/load-settings.ts';
import type { Settings } from '../config/settings.ts';
import type { ServerFacts } from '../store/postgres/server-facts.ts';
import { failed, ok, warning, type Result } from './finding.ts';

const OLDEST_VERSION = 150_000;
/** One that writes, four that read. */
const CONNECTIONS = 5;
const MAX_SKEW_MS = 30_000;

/** Asks the server of the settings; the file of SQLite is looked at with the data folder. */
export async function checkDatabase({ databaseUrl, dataDir }: Settings): Promise<Result> {
  if (databaseUrl === undefined) return ok(`SQLite, ${join(dataDir, 'wabridge.db')}`);
  // Loaded only now: most bridges need no client of PostgreSQL.
  const { describeServer } = await import('../store/postgres/connection-settings.ts');
  const { askServer } = await import('../store/postgres/server-facts.ts');
  const place = describeServer(databaseUrl);
  const facts = await askServer(databaseUrl);
  if ('problem' in facts)
    return failed(
      `PostgreSQL at ${place} cannot be used: ${facts.problem}`,
      'Start it, or correct WABRIDGE_DATABASE_URL. Until then the bridge records and sends nothing.',
    );
  return judgeServer(facts, place);
}

type Problem = readonly [problem: string, todo: string];

/**
 * What the facts mean for a bridge.
 *
 * @param place host, port and database, for people
 */
export function judgeServer(facts: ServerFacts, place: string): Result {
  const { version, synchronousStandbys: standbys } = facts;
  const confirmed = standbys === '' ? '' : `, whose commits a standby confirms (${standbys})`;
  const detail = `PostgreSQL ${version} at ${place}${confirmed}`;
  const fatal = whatEndsAStart(facts);
  const problems = fatal.length > 0 ? fatal : [...whatMayBeLost(facts), ...whatElse(facts, place)];
  if (problems.length === 0) return ok(detail);
  const found = [detail, ...problems.map(([problem]) => problem)].join('; ');
  const todo = problems.map(([, each]) => each).join(' ');
  return fatal.length > 0 ? failed(found, todo) : warning(found, todo);
}

/** What a bridge does not start with, or waits for. */
function whatEndsAStart(facts: ServerFacts): readonly Problem[] {
  const { schema, user, database } = facts;
  const problems: Problem[] = [];
  if (facts.versionNumber < OLDEST_VERSION) problems.push(['it is too old', 'Install PostgreSQL 15 or newer.']);
  if (facts.encoding !== 'UTF8')
    problems.push([
      `the encoding of the database is ${facts.encoding}, which cannot hold every message`,
      `Create another database: CREATE DATABASE wabridge OWNER ${user} ENCODING 'UTF8' TEMPLATE template0`,
    ]);
  if (facts.isStandby)
    problems.push([
      'it is a standby, which only reads: the bridge waits, and records and sends nothing',
      'Name the primary in WABRIDGE_DATABASE_URL, or a host name that follows it.',
    ]);
  else if (facts.isReadOnly)
    problems.push([
      'default_transaction_read_only is on: the bridge waits, and records and sends nothing',
      `Run: ALTER DATABASE ${database} SET default_transaction_read_only = off`,
    ]);
  if (!facts.mayCreate)
    problems.push([
      schema === null ? 'no schema of the search path exists' : `${user} may not create tables in the schema ${schema}`,
      `Run as an administrator: ALTER DATABASE ${database} OWNER TO ${user}`,
    ]);
  if (facts.foreignOwner !== null)
    problems.push([
      `its tables belong to ${facts.foreignOwner}, so that ${user} cannot change them`,
      `Run in that database as an administrator: REASSIGN OWNED BY ${facts.foreignOwner} TO ${user}`,
    ]);
  if (facts.newerSchema !== null)
    problems.push([
      `it was last used by a newer version of wabridge (this version does not know its schema ${facts.newerSchema})`,
      'Start the newer version, or restore a backup made by this version.',
    ]);
  return problems;
}

/** What makes an acknowledgement say less than it should. */
function whatMayBeLost(facts: ServerFacts): readonly Problem[] {
  const problems: Problem[] = [];
  if (!facts.fsync)
    problems.push([
      'fsync is off: a crash of its machine loses messages and events that were acknowledged, and can ruin the database',
      'Set fsync = on in postgresql.conf and restart the server.',
    ]);
  else if (!facts.fullPageWrites)
    problems.push([
      'full_page_writes is off: a crash of its machine can ruin the database',
      'Set full_page_writes = on in postgresql.conf, unless the file system never writes half a page.',
    ]);
  if (facts.synchronousStandbys !== '' && facts.synchronousCommit === 'local')
    problems.push([
      'synchronous_commit is local, so that no standby confirms: a failover loses messages and events that were acknowledged',
      `Run: ALTER DATABASE ${facts.database} SET synchronous_commit = on`,
    ]);
  else if (facts.synchronousCommit === 'off')
    problems.push([
      'synchronous_commit is off; the bridge turns it on for what it writes, so that nothing acknowledged is lost',
      `To do without this warning, run: ALTER DATABASE ${facts.database} SET synchronous_commit = on`,
    ]);
  return problems;
}

function whatElse(facts: ServerFacts, place: string): readonly Problem[] {
  const problems: Problem[] = [];
  if (facts.freeConnections < CONNECTIONS)
    problems.push([
      `${Math.max(0, facts.freeConnections)} connections are left, and the bridge needs ${CONNECTIONS}: it waits for them`,
      'Raise max_connections, or the limit of the user or the database, or see who has them: SELECT * FROM pg_stat_activity',
    ]);
  const skewMs = Math.abs(facts.clockAheadMs);
  if (skewMs > MAX_SKEW_MS)
    problems.push([
      `its clock is ${Math.round(skewMs / 1000)} s ${facts.clockAheadMs > 0 ? 'ahead' : 'behind'}: nothing goes wrong, but its log does not fit that of the bridge`,
      'Set both clocks (NTP).',
    ]);
  const host = place.replace(/:\d+\/.*$/, '');
  if (!facts.isEncrypted && !isLoopback(host) && !host.startsWith('/'))
    problems.push([
      'it is reached without TLS, so that others on the network can read messages',
      'Add ?sslmode=verify-full to WABRIDGE_DATABASE_URL, unless the network is private.',
    ]);
  return problems;
}
