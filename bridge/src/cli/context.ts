/** What every command starts from: the settings, where the bridge is, and with which key to sign. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOperatorKey } from '../auth/operator-key.ts';
import { parseSecret, type Secret } from '../auth/secret.ts';
import { loadSettings, type LoadedSettings } from '../config/load-settings.ts';
import { URL_FILE, type Settings } from '../config/settings.ts';
import { WabError } from '../contract/errors.ts';
import { DATABASE_FILE } from '../store/sqlite/connection.ts';
import { BridgeClient } from './client.ts';
import { createOutput, type Output } from './output.ts';

interface GlobalOptions {
  readonly json?: boolean;
  readonly url?: string;
  readonly config?: string;
  readonly dataDir?: string;
}

export class Context {
  readonly output: Output;
  readonly #options: GlobalOptions;
  readonly #environment: NodeJS.ProcessEnv;
  #loaded: LoadedSettings | undefined;

  constructor(options: GlobalOptions, environment: NodeJS.ProcessEnv = process.env) {
    this.#options = options;
    this.#environment = environment;
    this.output = createOutput(options.json === true);
  }

  /** @throws WabError WAB_CONFIG_INVALID */
  get loaded(): LoadedSettings {
    this.#loaded ??= this.load();
    return this.#loaded;
  }

  get settings(): Settings {
    return this.loaded.settings;
  }

  load(overrides: Partial<Settings> = {}): LoadedSettings {
    const { config, dataDir } = this.#options;
    return loadSettings(this.#environment, config, { ...(dataDir === undefined ? {} : { dataDir }), ...overrides });
  }

  /** Where the bridge answers: --url, WABRIDGE_URL, what a running bridge wrote down, or what the settings say. */
  get baseUrl(): string {
    const stated = this.#options.url ?? (this.#environment['WABRIDGE_URL'] || undefined);
    if (stated !== undefined) return stated.replace(/\/+$/, '');
    try {
      return readFileSync(join(this.settings.dataDir, URL_FILE), 'utf8').trim();
    } catch {
      const scheme = this.settings.tlsCertFile === undefined ? 'http' : 'https';
      return `${scheme}://${this.settings.host.includes(':') ? `[${this.settings.host}]` : this.settings.host}:${this.settings.port}`;
    }
  }

  /** WABRIDGE_KEY, or the operator's own key. */
  get secret(): Secret {
    const stated = this.#environment['WABRIDGE_KEY'] || undefined;
    const secret = stated === undefined ? readOperatorKey(this.settings.dataDir) : parseSecret(stated);
    if (secret !== null) return secret;
    throw new WabError('WAB_CONFIG_INVALID', {
      reason:
        stated === undefined
          ? `there is no operator key in ${this.settings.dataDir}. Start the bridge there once with \`wabridge start\`, or set its data folder with --data-dir`
          : 'WABRIDGE_KEY is not a complete key. Copy the whole string wabk_… as it was shown',
    });
  }

  /** Whether there is a key to sign with: none before the first start. @throws WabError if its file is not usable */
  get hasKey(): boolean {
    return Boolean(this.#environment['WABRIDGE_KEY']) || readOperatorKey(this.settings.dataDir) !== null;
  }

  client(): BridgeClient {
    return new BridgeClient({ baseUrl: this.baseUrl, secret: this.secret });
  }
}

/**
 * The database file of a data folder.
 *
 * @throws WabError WAB_CONFIG_INVALID if there is none
 */
export function requireDatabase(dataDir: string): string {
  const file = join(dataDir, DATABASE_FILE);
  if (existsSync(file)) return file;
  throw new WabError('WAB_CONFIG_INVALID', {
    reason: `there is no database in ${dataDir}. Set the data folder with --data-dir or WABRIDGE_DATA_DIR`,
  });
}
