/** Where a Redis server is, and how its clients are made: they connect once, and whoever uses them decides when to try again. */
import type { RedisOptions } from 'ioredis';
import { messageOf } from './reason.ts';

/** Of a client. The `&` is what the constructor of ioredis wants, and its own type of options lacks. */
export type RedisClientOptions = RedisOptions & { readonly replyMapping?: 'legacy' };

const DEFAULT_PORT = 6379;
const CONNECT_MS = 3_000;
/** Idle time after which the system asks whether the other side is still there. */
const KEEP_ALIVE_MS = 10_000;

/**
 * The options of a client for `redis://user:password@host:port/database`, or `rediss://` for TLS.
 *
 * @throws Error that says what is wrong with the URL, without repeating it: it may hold a password
 */
export function redisOptionsOf(url: string): RedisClientOptions {
  const parsed = URL.parse(url);
  if (!parsed || !['redis:', 'rediss:'].includes(parsed.protocol) || parsed.hostname === '')
    throw new Error('it must look like redis://host:6379, or rediss://user:password@host:6379/0');
  if (parsed.search !== '' || parsed.hash !== '') throw new Error('nothing may follow the database number');
  const database = parsed.pathname.replace(/^\//, '');
  if (!/^\d*$/.test(database)) throw new Error('what follows the host must be the number of a database');
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    host,
    port: parsed.port === '' ? DEFAULT_PORT : Number(parsed.port),
    db: Number(database),
    ...(parsed.username === '' ? {} : { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password === '' ? {} : { password: decodeURIComponent(parsed.password) }),
    ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
    connectTimeout: CONNECT_MS,
    keepAlive: KEEP_ALIVE_MS,
    lazyConnect: true,
    // Its user tries again with a new client. A command that waits for a reconnection would hold up who sent it, and one
    // that is sent twice would be carried out twice.
    retryStrategy: null,
    enableOfflineQueue: false,
    // Demanded by BullMQ. Without reconnections it never counts.
    maxRetriesPerRequest: null,
  };
}

/** For a person, without the URL. Errors of ioredis are never logged whole: they carry the command, AUTH with its password. */
export const redisPlaceOf = ({ host, port, db }: RedisClientOptions): string => `${host}:${port}, database ${db}`;

/** What a command or a connection failed with, for logs and readiness. */
export function redisReason(error: unknown): string {
  const message = messageOf(error);
  const explained = Object.entries(EXPLANATIONS).find(([beginning]) => message.startsWith(beginning));
  return explained === undefined ? message : `${explained[1]} (${explained[0]})`;
}

/** By the word with which Redis begins an error. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  READONLY: 'it is a read-only replica',
  OOM: 'its memory is full',
  MISCONF: 'it cannot save to its disk and therefore refuses writes',
  LOADING: 'it is loading its data',
  NOAUTH: 'it demands a password',
  WRONGPASS: 'the user or password is not accepted',
  NOPERM: 'the user lacks the right to use a command or key',
  'Connection is closed': 'the connection was lost',
};
