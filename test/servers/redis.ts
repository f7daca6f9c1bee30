/** Redis for tests. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ServerDefinition, ServerProcess } from './server-process.ts';

const PROGRAMS = ['/usr/bin/redis-server', '/usr/local/bin/redis-server'];

/** The path of Redis's server, or null if it is not installed. */
export const redisProgram = (): string | null => PROGRAMS.find((path) => existsSync(path)) ?? null;

export interface RedisOptions {
  /** Whether it keeps what it has over a kill, by its append-only file. */
  readonly durable?: boolean;
  /** What clients must know. */
  readonly password?: string;
  /** Speaks TLS only, with these PEM files. The certificate must be of `localhost`. */
  readonly tls?: { readonly keyFile: string; readonly certFile: string };
  /** More of `redis.conf`, by name. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where its data stay; without it, they are temporary. */
  readonly keptIn?: string;
}

/** Starts a server with many databases, for tests that share it. */
export function startRedis({
  durable = false,
  password,
  tls,
  settings = {},
  keptIn,
}: RedisOptions = {}): Promise<ServerProcess> {
  const program = redisProgram();
  if (program === null) throw new Error("Redis is not installed (Debian's package redis-server)");
  const all = {
    bind: '127.0.0.1',
    databases: '2000',
    save: '',
    ...(tls ? { 'tls-key-file': tls.keyFile, 'tls-cert-file': tls.certFile, 'tls-auth-clients': 'no' } : {}),
    ...(durable ? { appendonly: 'yes', appendfsync: 'always' } : {}),
    ...settings,
  };
  const definition: ServerDefinition = {
    name: 'Redis',
    program,
    argumentsFor: (port, folder) => [
      join(folder, 'redis.conf'),
      ...(tls ? ['--port', '0', '--tls-port', String(port)] : ['--port', String(port)]),
      ...['--dir', folder],
      ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
    ],
    urlOf: (port) => {
      const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
      return tls ? `rediss://${login}localhost:${port}` : `redis://${login}127.0.0.1:${port}`;
    },
    ready: /ready to accept connections/i,
    stopSignal: 'SIGTERM',
    // Other users of the machine see the command line, but not this file.
    prepare: (folder) =>
      writeFile(join(folder, 'redis.conf'), password === undefined ? '' : `requirepass "${password}"\n`, {
        mode: 0o600,
      }),
  };
  return ServerProcess.start(definition, keptIn);
}
