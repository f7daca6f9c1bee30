/**
 * A real S3-protocol server in a process of its own, on a free port of loopback with a folder of its own. It is s3rver with
 * additions (`s3.child.ts`). It does not prove what is up to the service: consistency, limits, encryption, other servers' ways.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('s3.child.ts', import.meta.url));
const BUCKET = 'wabridge-test';
/** s3rver knows this pair only, unless it is told another. */
export const S3_CREDENTIALS = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' } as const;

export interface S3Fault {
  readonly kind: 'refuse' | 'cut after the last byte' | 'hang' | 'ignore conditions';
  /** How many requests it strikes; 0 takes back all faults. */
  readonly times: number;
  /** Only requests with this method. */
  readonly on?: string;
  /** Only requests with this parameter in their query. */
  readonly query?: string;
  /** Of a refusal; 503 by default. */
  readonly status?: number;
  /** Of a refusal; SlowDown by default. */
  readonly code?: string;
}

/** A request as the server saw it. */
export interface S3Call {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Where a server keeps its objects for good, and who may use it. */
export interface KeptS3 {
  readonly folder: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export class S3Server {
  readonly bucket = BUCKET;
  readonly calls: S3Call[] = [];
  readonly #folder: string;
  readonly #kept: KeptS3 | null;
  #child: ChildProcess | null = null;
  #port = 0;

  private constructor(folder: string, kept: KeptS3 | null = null) {
    this.#folder = folder;
    this.#kept = kept;
  }

  /** For `npm start -- --scale`: with a folder that stays. The environment of this process is left as it is. */
  static async startKept(kept: KeptS3): Promise<S3Server> {
    await mkdir(kept.folder, { recursive: true, mode: 0o700 });
    const server = new S3Server(kept.folder, kept);
    await server.up();
    return server;
  }

  /** Sets the credentials of this process, too: the AWS SDK takes them from the environment. */
  static async start(): Promise<S3Server> {
    Object.assign(process.env, S3_CREDENTIALS, { AWS_EC2_METADATA_DISABLED: 'true' });
    const server = new S3Server(await mkdtemp(join(tmpdir(), 'wabridge-s3-')));
    await server.up();
    return server;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** For WABRIDGE_MEDIA_URL and WABRIDGE_PROFILES_URL. @param options more of them, without the `&` */
  url(prefix = 'media', ...options: readonly string[]): string {
    return `s3://${BUCKET}/${prefix}?${[`endpoint=${this.endpoint}`, ...options].join('&')}`;
  }

  /** Starts it, on the port that it had before. */
  async up(): Promise<void> {
    const child = fork(PROGRAM, [this.#folder, BUCKET, String(this.#port)], {
      // Its continuation tokens are made with an old cipher.
      execArgv: ['--openssl-legacy-provider', '--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // The terminal's Ctrl-C does not reach it; it ends with this process.
      detached: true,
      env: {
        ...process.env,
        ...(this.#kept && {
          S3_ACCESS_KEY_ID: this.#kept.accessKeyId,
          S3_SECRET_ACCESS_KEY: this.#kept.secretAccessKey,
        }),
      },
    });
    this.#child = child;
    this.#port = await new Promise<number>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the S3 server ended with ${code}`)));
      child.on('message', (message: { readonly port?: number; readonly call?: S3Call }) => {
        if (message.port !== undefined) resolve(message.port);
        // One that runs for days must not keep them.
        if (message.call !== undefined && this.#kept === null) this.calls.push(message.call);
      });
    });
  }

  /** Ends it as a power cut does. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    child.removeAllListeners('exit');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** From the next request on. */
  async fault(fault: S3Fault): Promise<void> {
    const noted = new Promise<void>((resolve) => {
      const listener = (message: { readonly noted?: boolean }): void => {
        if (message.noted !== true) return;
        this.#child?.off('message', listener);
        resolve();
      };
      this.#child?.on('message', listener);
    });
    this.#child?.send(fault);
    await noted;
  }

  recover(): Promise<void> {
    return this.fault({ kind: 'refuse', times: 0 });
  }

  /** Names of the objects, without those of uploads in parts that are not completed. */
  async objects(): Promise<string[]> {
    const names = await readdir(join(this.#folder, BUCKET), { recursive: true });
    return names
      .filter((name) => name.endsWith('._S3rver_object') && !name.startsWith('._S3rver_uploads'))
      .map((name) => name.slice(0, -'._S3rver_object'.length))
      .sort();
  }

  /** Bytes of all objects and parts. */
  async bytes(): Promise<number> {
    const entries = await readdir(join(this.#folder, BUCKET), { recursive: true, withFileTypes: true });
    const files = entries.filter(
      (entry) =>
        entry.isFile() &&
        (entry.name.endsWith('._S3rver_object') || /uploads\/.*\/\d+$/.test(join(entry.parentPath, entry.name))),
    );
    const sizes = await Promise.all(files.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Ids of uploads in parts that are not completed. */
  uploads(): Promise<string[]> {
    return readdir(join(this.#folder, BUCKET, '._S3rver_uploads')).catch(() => []);
  }

  /** The file of an object, to look at it or to change it behind the server's back. */
  fileOf(name: string): string {
    return join(this.#folder, BUCKET, `${name}._S3rver_object`);
  }

  async destroy(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
