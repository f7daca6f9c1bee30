/** The real bridge with its sandbox engine, in a process of its own, and the key that it makes at its first start. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseSigningKey, signRequest, type ParsedKey } from '../../../credentials/signing';
import type { CredentialData } from './n8n';

const SOURCE = resolve(__dirname, '../../../bridge/src/main.ts');
/** The build that `npm test` has just made, or the source. */
const MAIN = process.env['TEST_BRIDGE_MAIN'] ?? SOURCE;

export class RealBridge {
  readonly #folder = mkdtempSync(join(tmpdir(), 'wabridge-pack-bridge-'));
  #child: ChildProcess | undefined;
  #output = '';
  credential: CredentialData = { baseUrl: '', privateKey: '' };

  async start(env: Record<string, string> = {}): Promise<void> {
    const child = spawn(process.execPath, [MAIN], {
      env: {
        ...process.env,
        NODE_OPTIONS: MAIN === SOURCE ? (process.env['TEST_NODE_OPTIONS'] ?? '') : '',
        WABRIDGE_DATA_DIR: join(this.#folder, 'data'),
        WABRIDGE_PORT: '0',
        WABRIDGE_ENGINES: 'sandbox',
        WABRIDGE_SANDBOX_AUTO_LINK: 'true',
        WABRIDGE_LOG_LEVEL: 'warn',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    await new Promise<void>((ready, fail) => {
      const read = (chunk: Buffer): void => {
        this.#output += chunk.toString();
        const url = /listens on (\S+)/.exec(this.#output)?.[1];
        const key = /\bwabk_\w+_[\w-]{43}/.exec(this.#output)?.[0];
        if (url === undefined || key === undefined) return;
        this.credential = { baseUrl: url, privateKey: key };
        ready();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('close', (code) => fail(new Error(`the bridge ended with ${code}:\n${this.#output}`)));
    });
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null) {
      const ended = new Promise((done) => child.once('close', done));
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A signed request of the test itself. */
  async request<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const url = this.credential.baseUrl + path;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = text === undefined ? {} : { 'content-type': 'application/json' };
    const key = parseSigningKey(this.credential.privateKey) as ParsedKey;
    const signature = signRequest({ method, url, headers, key, ...(text === undefined ? {} : { body: text }) });
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...signature },
      ...(text === undefined ? {} : { body: text }),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
    return (answer === '' ? undefined : JSON.parse(answer)) as Answer;
  }

  /** Resolves once a session is in a state. */
  async untilState(session: string, state: string): Promise<void> {
    for (;;) {
      const view = await this.request<{ state: string }>('GET', `/v1/sessions/${session}`);
      if (view.state === state) return;
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}
