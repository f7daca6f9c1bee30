/** PostgreSQL for tests: Debian's, the newest that is installed. */
import { existsSync, readdirSync } from 'node:fs';
import { chmod, rename, rm, writeFile } from 'node:fs/promises';
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
  /** Where its data stay; without it, they are temporary. */
  readonly keptIn?: string;
  /** Of the superuser, set when the data are made; without it, nobody needs one. */
  readonly password?: string;
  /** URL of a primary that needs no password: a standby is made of it, which `pg_promote()` makes a primary. */
  readonly follows?: string;
}

/** Starts a server with one empty database, `postgres`, of a superuser of the same name. */
export function startPostgres(options: PostgresOptions = {}): Promise<ServerProcess> {
  const { durable = false, settings = {}, keptIn, password, follows } = options;
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
    urlOf: (port) =>
      `postgres://${USER}${password === undefined ? '' : `:${encodeURIComponent(password)}`}@127.0.0.1:${port}/postgres`,
    ready: /ready to accept (read-only )?connections/,
    // Disconnects the clients; SIGTERM would wait for them.
    stopSignal: 'SIGINT',
    user: USER,
    prepare: (folder, run) =>
      follows === undefined
        ? makeData(folder, password, (...args) => run(join(programs, 'initdb'), args))
        : run(join(programs, 'pg_basebackup'), copyOf(follows, folder)),
  };
  return ServerProcess.start(definition, keptIn);
}

/** What makes the data of a standby that follows by streaming replication. */
function copyOf(primary: string, folder: string): readonly string[] {
  const { hostname, port } = new URL(primary);
  return [
    ...['-D', join(folder, 'data'), '-h', hostname, '-p', port, '-U', USER],
    ...['--write-recovery-conf', '--wal-method=stream', '--checkpoint=fast', '--no-sync'],
  ];
}

async function makeData(
  folder: string,
  password: string | undefined,
  initdb: (...args: readonly string[]) => Promise<void>,
): Promise<void> {
  const data = join(folder, 'data');
  if (existsSync(data)) return;
  // Renamed once it is whole: what a kill left behind is not taken for a database.
  const [unfinished, passwordFile] = [join(folder, 'data.new'), join(folder, 'password')];
  await rm(unfinished, { recursive: true, force: true });
  const login: string[] = ['--auth=trust'];
  if (password !== undefined) {
    await writeFile(passwordFile, password);
    // The user of the server has to read it; nobody else can enter the folder.
    await chmod(passwordFile, 0o644);
    login.splice(0, 1, '--auth=scram-sha-256', `--pwfile=${passwordFile}`);
  }
  await initdb(
    ...['-D', unfinished, '-U', USER, ...login],
    ...['--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'],
  );
  await rm(passwordFile, { force: true });
  await rename(unfinished, data);
}
