/** What a bridge of a test stores and schedules on, as the settings of its process, and the servers behind them. */
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { S3Server } from './s3.ts';
import type { ServerProcess } from './server-process.ts';
import { TcpProxy } from './tcp-proxy.ts';

export const BACKENDS = ['sqlite', 'postgres-redis-s3'] as const;
export type BackendName = (typeof BACKENDS)[number];

/** PostgreSQL, Redis and a bucket of a test's own, which it may kill; the first two behind a network that it may break. */
export interface Servers {
  readonly postgres: ServerProcess;
  readonly postgresNetwork: TcpProxy;
  readonly redis: ServerProcess;
  readonly redisNetwork: TcpProxy;
  readonly s3: S3Server;
}

export interface Backend {
  /** Of the bridge. */
  readonly env: Readonly<Record<string, string>>;
  /** Null on SQLite, which needs none. */
  readonly servers: Servers | null;
  readonly stop: () => Promise<void>;
}

/** Starts what a bridge on such a backend needs. PostgreSQL keeps what it has confirmed; Redis forgets, as it may. */
export async function startBackend(name: BackendName): Promise<Backend> {
  if (name === 'sqlite') return { env: {}, servers: null, stop: async () => undefined };
  const ends: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  const started = async <Server>(
    server: Promise<Server>,
    end: (server: Server) => Promise<unknown>,
  ): Promise<Server> => {
    const found = await server;
    ends.push(() => end(found));
    return found;
  };
  try {
    const postgres = await started(startPostgres({ durable: true }), (server) => server.stop());
    const postgresNetwork = await started(TcpProxy.before(postgres.port), (proxy) => proxy.stop());
    const redis = await started(startRedis(), (server) => server.stop());
    const redisNetwork = await started(TcpProxy.before(redis.port), (proxy) => proxy.stop());
    const s3 = await started(S3Server.start(), (server) => server.destroy());
    const env = {
      WABRIDGE_DATABASE_URL: postgresNetwork.through(postgres.url),
      WABRIDGE_REDIS_URL: redisNetwork.through(redis.url),
      WABRIDGE_MEDIA_URL: s3.url(),
    };
    return { env, servers: { postgres, postgresNetwork, redis, redisNetwork, s3 }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
