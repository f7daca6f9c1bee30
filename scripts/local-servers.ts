/**
 * The servers of `npm start -- --scale`: PostgreSQL, Redis and the S3 server of the tests, on loopback, with passwords of their
 * own and data that stay. For trying out: the S3 server is made for tests.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { startPostgres } from '../test/servers/postgres.ts';
import { startRedis } from '../test/servers/redis.ts';
import { S3Server } from '../test/servers/s3.ts';
import { ensureDebianPackages, SERVERS } from './debian-packages.ts';

/** Settings that the servers are for; a user who states one of them has a server already. */
const SETTINGS = ['WABRIDGE_DATABASE_URL', 'WABRIDGE_REDIS_URL', 'WABRIDGE_MEDIA_URL'] as const;

/** Beside the data folder, not in it: nobody but its owner may enter that, and PostgreSQL does not run as root. */
export const serversFolderOf = (dataDir: string): string => `${resolve(dataDir)}.servers`;

/**
 * Installs what is missing where this is root on Debian, and starts the three.
 *
 * @param onStarted called for each, with what stops it
 * @returns the environment of a bridge that uses them
 * @throws Error that says what to do
 */
export async function startLocalServers(
  folder: string,
  onStarted: (stop: () => Promise<void>) => void,
): Promise<Readonly<Record<string, string>>> {
  const stated = SETTINGS.filter((name) => process.env[name] !== undefined);
  if (stated.length > 0) throw new Error(`--scale brings its own servers: leave out ${stated.join(', ')}`);
  await ensureDebianPackages(SERVERS, 'npm start -- --scale');
  mkdirSync(folder, { recursive: true });
  // Each server's own folder below it is closed.
  chmodSync(folder, 0o711);
  requireWayTo(folder);
  const { postgres, redis, s3 } = secretsIn(folder);
  const database = await startPostgres({ durable: true, keptIn: join(folder, 'postgres'), password: postgres });
  onStarted(() => database.stop());
  const queue = await startRedis({ durable: true, keptIn: join(folder, 'redis'), password: redis });
  onStarted(() => queue.stop());
  const bucket = await S3Server.startKept({ folder: join(folder, 's3'), ...s3 });
  onStarted(() => bucket.kill());
  return {
    WABRIDGE_DATABASE_URL: database.url,
    WABRIDGE_REDIS_URL: queue.url,
    WABRIDGE_MEDIA_URL: bucket.url(),
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

interface Secrets {
  readonly postgres: string;
  readonly redis: string;
  readonly s3: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Made at the first start. */
function secretsIn(folder: string): Secrets {
  const file = join(folder, 'secrets.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Secrets;
  const secret = (): string => randomBytes(24).toString('hex');
  const made: Secrets = {
    postgres: secret(),
    redis: secret(),
    s3: { accessKeyId: randomBytes(10).toString('hex'), secretAccessKey: secret() },
  };
  writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  return made;
}

/** @throws Error if this is root, and the user whom PostgreSQL runs as then cannot get to the folder */
function requireWayTo(folder: string): void {
  if (process.getuid?.() !== 0) return;
  for (let each = folder; each !== dirname(each); each = dirname(each)) {
    if ((statSync(each).mode & 0o001) === 0)
      throw new Error(
        `PostgreSQL does not run as root, and its user cannot enter ${each}. Run this as another user, or set WABRIDGE_DATA_DIR to a path that every user may pass through.`,
      );
  }
}
