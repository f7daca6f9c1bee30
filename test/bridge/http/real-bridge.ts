/** The composed bridge on a data folder of its own, over a real socket, with a signing client. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOperatorKey } from '../../../bridge/src/auth/operator-key.ts';
import { parseSecret, type Secret } from '../../../bridge/src/auth/secret.ts';
import { signRequest } from '../../../bridge/src/auth/signer.ts';
import { BridgeClient } from '../../../bridge/src/cli/client.ts';
import { startBridge, type Bridge } from '../../../bridge/src/compose.ts';
import { loadSettings } from '../../../bridge/src/config/load-settings.ts';
import type { Settings } from '../../../bridge/src/config/settings.ts';
import type { EngineFactory } from '../../../bridge/src/engine/engine.ts';
import { createLogger, type Log } from '../../../bridge/src/ops/logger.ts';
import type { Scope } from '../../../bridge/src/contract/scopes.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly json: any;
}

export interface RawRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is; nothing is encoded. */
  readonly body?: string | Uint8Array;
  readonly contentType?: string;
  /** Sign with this key in place of the operator's; null sends it unsigned. */
  readonly key?: Secret | null;
}

export class RealBridge {
  readonly dataDir: string;
  readonly bridge: Bridge;
  readonly client: BridgeClient;
  readonly operator: Secret;

  private constructor(dataDir: string, bridge: Bridge) {
    this.dataDir = dataDir;
    this.bridge = bridge;
    this.operator = readOperatorKey(dataDir)!;
    this.client = new BridgeClient({ baseUrl: bridge.localUrl, secret: this.operator });
  }

  /** @param moreEngines besides those that the settings enable */
  static async start(
    settings: Partial<Settings> = {},
    log: Log = createLogger('silent', 'json'),
    moreEngines: readonly EngineFactory[] = [],
  ): Promise<RealBridge> {
    const dataDir = settings.dataDir ?? mkdtempSync(join(tmpdir(), 'wabridge-http-'));
    const loaded = loadSettings({}, undefined, {
      dataDir,
      port: 0,
      engines: ['sandbox'],
      sandboxAutoLink: true,
    });
    const given = { ...loaded, settings: { ...loaded.settings, ...settings } };
    const onFatal = (error: Error): never => {
      throw error;
    };
    const bridge = await startBridge(given, log, onFatal, moreEngines);
    return new RealBridge(dataDir, bridge);
  }

  get url(): string {
    return this.bridge.localUrl;
  }

  /** Stops the bridge; its data stays. */
  stop(): Promise<void> {
    return this.bridge.stop();
  }

  async destroy(): Promise<void> {
    await this.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** Any request, signed over exactly what is sent. */
  async raw(method: string, path: string, request: RawRequest = {}): Promise<Answer> {
    const url = `${this.url}${path}`;
    const { body } = request;
    const headers = {
      ...request.headers,
      ...(body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
    };
    const key = request.key === undefined ? this.operator : request.key;
    const signature =
      key === null ? {} : signRequest({ method, url, headers, ...(body === undefined ? {} : { body }) }, key);
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...signature },
      ...(body === undefined ? {} : { body: body as BodyInit }),
    });
    const text = await response.text();
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { status: response.status, headers: response.headers, text, json };
  }

  send(
    body: object,
    headers: Readonly<Record<string, string>> = { 'idempotency-key': crypto.randomUUID() },
  ): Promise<Answer> {
    return this.raw('POST', '/v1/messages', { body: JSON.stringify(body), headers });
  }

  async key(scopes: readonly Scope[], sessions: readonly string[] | null = null): Promise<Secret> {
    const issued = await this.client.request<{ secret: string }>('POST', '/v1/keys', {
      body: { name: 'test', scopes, sessions },
    });
    return parseSecret(issued.secret)!;
  }

  /** Adds a sandbox session and waits until it is ready. */
  async session(name: string): Promise<void> {
    await this.client.request('POST', '/v1/sessions', { body: { name, engine: 'sandbox' } });
    await this.until(
      async () => (await this.client.request<{ state: string }>('GET', `/v1/sessions/${name}`)).state === 'ready',
    );
  }

  async until(holds: () => Promise<boolean>, withinMs = 15_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error('it did not come to hold in time');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** What is stored, to compare before and after a request that must change nothing. */
  async state(): Promise<object> {
    const [sessions, messages, keys, events] = await Promise.all([
      this.client.request<{ sessions: { name: string; state: string }[] }>('GET', '/v1/sessions'),
      this.client.request<{ messages: { id: string }[] }>('GET', '/v1/messages', { query: { limit: 500 } }),
      this.client.request<{ keys: { keyId: string }[] }>('GET', '/v1/keys'),
      this.client.request<{ cursor: string }>('GET', '/v1/events', { query: { limit: 500 } }),
    ]);
    return {
      sessions: sessions.sessions.map(({ name, state }) => [name, state]),
      messages: messages.messages.map(({ id }) => id),
      keys: keys.keys.map(({ keyId }) => keyId),
      events: events.cursor,
    };
  }
}
