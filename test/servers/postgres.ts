/** PostgreSQL for tests: Debian's, the newest that is installed. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ServerDefinition, ServerProcess } from './server-process.ts';

const DEBIAN = '/usr/lib/postgresql';
const USER = 'postgres';

/** The folder of PostgreSQL's programs, or null if it is not installed. */
export function postgresPrograms(): string | null {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).filter((name) => /^\d+$/.test(name)) : [];
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(DEBIAN, version, 'bin'));
  return newestFirst.find((folder) => existsSync(join(folder, 'postgres'))) ?? null;
}

export interface PostgresOptions {
  /** Whether commits survive a crash of the machine. Tests that prove a guarantee want it, others save the time. */
  readonly durable?: boolean;
  /** More of `postgresql.conf`, by name. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts a server with one empty database, `postgres`, of a superuser of the same name who needs no password. */
export function startPostgres({ durable = false, settings = {} }: PostgresOptions = {}): Promise<ServerProcess> {
  const programs = postgresPrograms();
  if (programs === null) throw new Error("PostgreSQL is not installed (Debian's package postgresql)");
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '64MB',
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
    ...settings,
  };
  const definition: ServerDefinition = {
    name: 'PostgreSQL',
    program: join(programs, 'postgres'),
    argumentsFor: (port, folder) => [
      ...['-D', join(folder, 'data'), '-p', String(port)],
      ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    urlOf: (port) => `postgres://${USER}@127.0.0.1:${port}/postgres`,
    ready: /ready to accept (read-only )?connections/,
    // Disconnects the clients; SIGTERM would wait for them.
    stopSignal: 'SIGINT',
    user: USER,
    prepare: (folder, run) =>
      run(join(programs, 'initdb'), [
        ...['-D', join(folder, 'data'), '-U', USER, '--auth=trust'],
        ...['--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'],
      ]),
  };
  return ServerProcess.start(definition);
}
