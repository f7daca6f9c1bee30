/** Reads the settings from the environment and an optional JSON file. All faults are reported at once. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { WabError } from '../contract/errors.ts';
import { validatorOf } from '../contract/validator.ts';
import type { SettingOrigin } from '../contract/views/setting.ts';
import { redisOptionsOf } from '../ops/redis.ts';
import { parseStoreUrl } from './store-url.ts';
import {
  definitionOf,
  envNameOf,
  OTHER_VARIABLES,
  SETTING_NAMES,
  SettingsSchema,
  type SettingDefinition,
  type SettingName,
  type Settings,
} from './settings.ts';
import { nearest } from './suggest.ts';

export interface LoadedSettings {
  readonly settings: Settings;
  readonly origins: Readonly<Record<SettingName, SettingOrigin>>;
  /** The file that was read, if any. */
  readonly file: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Values = Partial<Record<SettingName, unknown>>;

const validators = new Map(SETTING_NAMES.map((name) => [name, validatorOf(SettingsSchema.properties[name])]));

/**
 * @param environment usually process.env; wins over the file
 * @param configFile  JSON file; `WABRIDGE_CONFIG` names it where this is not given
 * @param overrides   settings given on the command line; they win over everything
 * @throws WabError WAB_CONFIG_INVALID that lists every fault and what to write instead
 */
export function loadSettings(
  environment: Environment,
  configFile?: string,
  overrides: Partial<Settings> = {},
): LoadedSettings {
  const faults: string[] = [];
  const file = configFile ?? (environment['WABRIDGE_CONFIG'] || undefined);
  const fromFile = file === undefined ? {} : readConfigFile(file, faults);
  const fromEnvironment = readEnvironment(environment, faults);
  const values: Values = {};
  const origins = {} as Record<SettingName, SettingOrigin>;

  for (const name of SETTING_NAMES) {
    const definition = definitionOf(name);
    const [value, origin] = pick(name, definition, overrides, fromEnvironment, fromFile);
    origins[name] = origin;
    if (value === undefined) continue;
    values[name] = value;
    if (origin !== 'default' && !validators.get(name)!().Check(value))
      faults.push(wrongValue(name, definition, value, origin));
  }
  if (faults.length === 0) faults.push(...crossChecks(values as Settings));
  if (faults.length > 0)
    throw new WabError('WAB_CONFIG_INVALID', { reason: faults.map((fault) => `\n  - ${fault}`).join('') });
  const settings = values as Settings;
  return {
    settings: { ...settings, dataDir: resolve(settings.dataDir) },
    origins,
    file: file === undefined ? null : resolve(file),
  };
}

function pick(
  name: SettingName,
  definition: SettingDefinition,
  overrides: Values,
  env: Values,
  file: Values,
): [unknown, SettingOrigin] {
  if (overrides[name] !== undefined) return [overrides[name], 'command line'];
  if (env[name] !== undefined) return [env[name], 'environment'];
  if (file[name] !== undefined) return [file[name], 'file'];
  return definition.default === undefined ? [undefined, 'unset'] : [definition.default, 'default'];
}

function readConfigFile(file: string, faults: string[]): Values {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    faults.push(
      `The settings file ${file} cannot be read as JSON (${(error as Error).message}). Correct it, or unset WABRIDGE_CONFIG.`,
    );
    return {};
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    faults.push(`The settings file ${file} must hold one JSON object, such as { "port": 8477 }.`);
    return {};
  }
  const known: Values = {};
  for (const [field, value] of Object.entries(content)) {
    if ((SETTING_NAMES as readonly string[]).includes(field)) known[field as SettingName] = value;
    else faults.push(`${field} in ${file} is not a setting.${didYouMean(field, SETTING_NAMES)}`);
  }
  return known;
}

function readEnvironment(environment: Environment, faults: string[]): Values {
  const names = new Map(SETTING_NAMES.map((name) => [envNameOf(name), name]));
  const known: Values = {};
  for (const [variable, raw] of Object.entries(environment)) {
    if (!variable.startsWith('WABRIDGE_') || raw === undefined || OTHER_VARIABLES.includes(variable)) continue;
    const name = names.get(variable);
    if (name === undefined)
      faults.push(`${variable} is not a setting.${didYouMean(variable, [...names.keys(), ...OTHER_VARIABLES])}`);
    // An empty variable is how compose files and shells say "not set".
    else if (raw !== '') known[name] = parse(raw, definitionOf(name));
  }
  return known;
}

/** Text that does not parse stays text, so that validation names it. */
function parse(raw: string, definition: SettingDefinition): unknown {
  if (definition.type === 'integer') return /^-?\d{1,16}$/.test(raw) ? Number(raw) : raw;
  if (definition.type === 'boolean') return raw === 'true' ? true : raw === 'false' ? false : raw;
  if (definition.type === 'array')
    return raw
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  return raw;
}

function wrongValue(name: SettingName, definition: SettingDefinition, value: unknown, origin: SettingOrigin): string {
  const label = origin === 'file' ? `${name} (in the settings file)` : envNameOf(name);
  const shown = definition.secret ? 'not valid' : `${JSON.stringify(value)}, which is not valid`;
  const guess = definition.enum && typeof value === 'string' ? didYouMean(value, definition.enum) : '';
  return `${label} is ${shown}. Write ${expectation(definition)}.${guess}`;
}

function expectation(definition: SettingDefinition): string {
  if (definition.enum) return `one of ${definition.enum.join(', ')}`;
  if (definition.type === 'integer') return `a whole number from ${definition.minimum} to ${definition.maximum}`;
  if (definition.type === 'boolean') return 'true or false';
  if (definition.type === 'array') {
    return definition.items?.enum
      ? `a list of ${definition.items.enum.join(', ')} without duplicates (comma-separated in the environment)`
      : 'a list of full URLs such as https://wa.example.org (comma-separated in the environment)';
  }
  return 'a non-empty text';
}

/** Rules that span settings. */
function crossChecks(settings: Settings): string[] {
  const faults: string[] = [];
  const tls = settings.tlsCertFile !== undefined && settings.tlsKeyFile !== undefined;
  if (!tls && (settings.tlsCertFile ?? settings.tlsKeyFile) !== undefined) {
    faults.push('TLS needs both files. Set WABRIDGE_TLS_CERT_FILE and WABRIDGE_TLS_KEY_FILE, or neither.');
  }
  for (const name of ['tlsCertFile', 'tlsKeyFile', 'browserPath'] as const) {
    const path = settings[name];
    if (path !== undefined && !readable(path))
      faults.push(
        `${envNameOf(name)} is the path of a file that does not exist or cannot be read. Correct the path or its permissions.`,
      );
  }
  if (!isLoopback(settings.host) && !tls && !settings.behindProxy) {
    faults.push(
      `WABRIDGE_HOST is ${settings.host}, which other machines can reach, but TLS is not configured. Set WABRIDGE_TLS_CERT_FILE and WABRIDGE_TLS_KEY_FILE, ` +
        'or set WABRIDGE_BEHIND_PROXY=true if the bridge is behind a TLS proxy or in a private network, or use 127.0.0.1.',
    );
  }
  if (settings.redisUrl !== undefined) {
    try {
      redisOptionsOf(settings.redisUrl);
    } catch (error) {
      faults.push(`WABRIDGE_REDIS_URL is not valid: ${(error as Error).message}.`);
    }
  }
  for (const name of ['mediaUrl', 'profilesUrl'] as const) {
    const url = settings[name];
    const fault = url === undefined ? null : faultOf(() => parseStoreUrl(url));
    if (fault !== null) faults.push(`${envNameOf(name)} cannot be used. ${fault}`);
  }
  if (settings.dedupeRetentionDays < settings.eventRetentionDays) {
    faults.push(
      `WABRIDGE_DEDUPE_RETENTION_DAYS (${settings.dedupeRetentionDays}) is less than WABRIDGE_EVENT_RETENTION_DAYS (${settings.eventRetentionDays}), ` +
        `so old events could be recorded twice. Set it to ${settings.eventRetentionDays} or more.`,
    );
  }
  return faults;
}

function faultOf(check: () => unknown): string | null {
  try {
    check();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

function readable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function didYouMean(written: string, known: readonly string[]): string {
  const candidate = nearest(written, known);
  return candidate === null ? ' List the settings with `wabridge config`.' : ` Did you mean ${candidate}?`;
}
