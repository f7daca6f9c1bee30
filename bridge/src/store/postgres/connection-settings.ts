/** How the bridge connects to PostgreSQL: settings that every connection has. */
import pg, { type ClientConfig, type CustomTypesConfig } from 'pg';
import { WabError } from '../../contract/errors.ts';

/** The server ends a statement after this, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** A server that has not even said so after this is taken for gone, in milliseconds. */
export const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000;
const CONNECT_TIMEOUT_MS = 10_000;
const INT8 = 20;
const NUMERIC = 1700;

/** In the session of every connection. Times are milliseconds, those of TCP seconds. */
const SESSION: Readonly<Record<string, string | number>> = {
  statement_timeout: STATEMENT_TIMEOUT_MS,
  // A bridge that was suspended in the middle of a transaction must not hold its locks for ever.
  idle_in_transaction_session_timeout: 60_000,
  // Positions are given out under a lock, and what waited for it must see what was committed meanwhile.
  default_transaction_isolation: 'read\\ committed',
  // The server notices within half a minute that the machine of a bridge has gone, and frees the lock on the database.
  tcp_keepalives_idle: 15,
  tcp_keepalives_interval: 5,
  tcp_keepalives_count: 3,
  client_connection_check_interval: 5_000,
};

/** Positions, times and counts are far below 2^53, so numbers hold them; sums come as numeric. */
const types: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === INT8 || oid === NUMERIC
      ? Number
      : (pg.types.getTypeParser(oid, format) as (text: string) => unknown)) as CustomTypesConfig['getTypeParser'],
};

export type Role = 'writer' | 'reader' | 'doctor';

/**
 * The settings of a connection.
 *
 * @throws WabError WAB_CONFIG_INVALID
 */
export function connectionSettings(url: string, role: Role): ClientConfig {
  const target = parsed(url);
  const theirs = target.searchParams.get('options');
  target.searchParams.delete('options');
  const session = { ...SESSION, ...(role === 'reader' ? { default_transaction_read_only: 'on' } : {}) };
  const ours = Object.entries(session).map(([name, value]) => `-c ${name}=${value}`);
  return {
    connectionString: target.href,
    application_name: `wabridge ${role}`,
    // Those of the URL come last, so they win.
    options: [...ours, ...(theirs === null ? [] : [theirs])].join(' '),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types,
  };
}

/** Host, port and name of the database, for people: no credentials. */
export function describeServer(url: string): string {
  const { hostname, port, pathname, searchParams } = parsed(url);
  const host = searchParams.get('host') ?? (hostname || 'localhost');
  return `${host}:${searchParams.get('port') ?? (port || '5432')}${decodeURI(pathname)}`;
}

function parsed(url: string): URL {
  try {
    return new URL(url);
  } catch {
    // What it throws may quote the URL, and with it the password.
    throw new WabError('WAB_CONFIG_INVALID', {
      reason: 'WABRIDGE_DATABASE_URL is not a valid URL. Write postgres://user:password@host:5432/database',
    });
  }
}
