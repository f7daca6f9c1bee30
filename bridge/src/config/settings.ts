/**
 * Every setting of the bridge, in one schema: type, default, description and whether it is secret. The name in the
 * environment follows from the name here (`dataDir` is WABRIDGE_DATA_DIR), so no list can disagree with it. Reading
 * them is in `load-settings.ts`, showing them in `describe-settings.ts`.
 */
import Type, { type Static, type TSchema } from 'typebox';
import {
  DEFAULT_EVENT_RETENTION_DAYS,
  DEFAULT_HEARTBEAT_MS,
  DEFAULT_HOST,
  DEFAULT_MAX_LOSSES,
  DEFAULT_MAX_REFUSALS,
  DEFAULT_PAUSE_DAYS,
  DEFAULT_PORT,
  DEFAULT_READ_AHEAD,
  MAX_EXPIRY_SECONDS,
} from '../contract/defaults.ts';
import { literals, object } from '../contract/schema.ts';
import { DEFAULT_ENGINE, ENGINE_NAMES } from '../contract/engines.ts';
import { LOG_LEVELS } from '../ops/logger.ts';

const MIB = 1024 * 1024;

const text = (description: string, extra: object = {}) => Type.String({ minLength: 1, description, ...extra });
const whole = (description: string, fallback: number, minimum: number, maximum: number) =>
  Type.Integer({ description, default: fallback, minimum, maximum });
const bytes = (description: string, fallback: number) =>
  whole(`${description}, in bytes`, fallback, 1, Number.MAX_SAFE_INTEGER);

export const SettingsSchema = object({
  dataDir: text('Folder that holds the database, media, login states and the operator key', {
    default: './.wabridge',
  }),
  databaseUrl: Type.Optional(
    text(
      'URL of a PostgreSQL database (postgres://user:password@host:5432/name) to use instead of the database file in the data folder',
      { secret: true, pattern: '^postgres(ql)?://' },
    ),
  ),
  redisUrl: Type.Optional(
    text(
      'Redis that wakes the outbox, as redis://user:password@host:6379/0, or rediss:// for TLS; without it, timers of the bridge do',
      { secret: true },
    ),
  ),
  redisPrefix: text('Begins the name of every key that the bridge writes to Redis', { default: 'wabridge' }),
  host: text('Address to listen on', { default: DEFAULT_HOST }),
  port: whole('Port to listen on; 0 lets the system choose', DEFAULT_PORT, 0, 65_535),
  publicUrls: Type.Array(Type.String({ format: 'url', pattern: '^https?://' }), {
    description:
      'URLs at which clients reach this bridge; signatures are checked against them (loopback is always included)',
    default: [],
  }),
  behindProxy: Type.Boolean({
    description:
      'The bridge is behind a TLS-terminating proxy or in a private network, so a non-loopback host is allowed without TLS',
    default: false,
  }),
  tlsCertFile: Type.Optional(text('PEM file with the TLS certificate chain')),
  tlsKeyFile: Type.Optional(text('PEM file with the TLS private key', { secret: true })),
  masterKey: Type.Optional(
    text('Key that encrypts stored secrets (the login of a proxy, copies of logins): 32 bytes in base64', {
      secret: true,
    }),
  ),
  masterKeyFile: Type.Optional(
    text('File that contains the master key; by default master.key in the data folder, created when first needed'),
  ),
  opsPort: Type.Optional(
    Type.Integer({
      description: 'Loopback port that serves /readyz and /metrics without signatures, for scrapers; off by default',
      minimum: 0,
      maximum: 65_535,
    }),
  ),
  engines: Type.Array(literals(ENGINE_NAMES), {
    description: 'Engines that sessions may use; the sandbox is a simulation and must be listed here to be used',
    default: [DEFAULT_ENGINE],
    minItems: 1,
    uniqueItems: true,
  }),
  maxSessions: whole(
    'Maximum number of sessions; each session of the webjs engine runs a browser, so plan about 0.5 GiB of memory for it',
    20,
    1,
    1000,
  ),
  browserPath: Type.Optional(text('Path of Chromium or Chrome for the webjs engine; detected if not set')),
  browserFlags: Type.Optional(
    text(
      'Additional command-line flags for the browser of the webjs engine, one per line (a proxy is set per session)',
    ),
  ),
  sessionMemoryMaxBytes: whole(
    'Memory that the browser of a session may use, in bytes (PSS of all its processes); above it the browser is restarted gracefully; 0 for no limit',
    1536 * MIB,
    0,
    Number.MAX_SAFE_INTEGER,
  ),
  eventRetentionDays: whole('Days that events are kept', DEFAULT_EVENT_RETENTION_DAYS, 1, 3650),
  subscriptionPauseDays: whole(
    'Days after which an unread subscription (of an unpublished workflow) stops collecting events',
    DEFAULT_PAUSE_DAYS,
    1,
    3650,
  ),
  dedupeRetentionDays: whole(
    'Days that an event is recognised as already recorded; at least eventRetentionDays',
    90,
    1,
    3650,
  ),
  payloadRetentionDays: Type.Optional(
    Type.Integer({
      description: 'Days that message contents are kept, if fewer than the days of the events',
      minimum: 1,
      maximum: 3650,
    }),
  ),
  mediaUrl: Type.Optional(
    text(
      'Where media files are kept: s3://bucket/prefix with the options region, endpoint, pathStyle, sse and kmsKeyId, or file:///folder; by default the folder media in the data folder. The credentials of S3 come from the environment (AWS_ACCESS_KEY_ID and others), never from this URL',
    ),
  ),
  mediaQuotaBytes: bytes('Maximum space for media files', 10_240 * MIB),
  mediaMaxImageBytes: bytes('Largest image', 16 * MIB),
  mediaMaxVideoBytes: bytes('Largest video', 64 * MIB),
  mediaMaxAudioBytes: bytes('Largest audio file', 16 * MIB),
  mediaMaxDocumentBytes: bytes('Largest document', 100 * MIB),
  mediaRetentionDays: whole('Days that media files are kept', 30, 1, 3650),
  profilesUrl: Type.Optional(
    text(
      'Where encrypted copies of the logins of webjs sessions are kept, so that another machine goes on without a scan: s3://bucket/prefix or file:///folder, as for mediaUrl; by default nowhere. Needs the same master key on both machines',
    ),
  ),
  profilesIntervalMinutes: whole(
    'Minutes between copies of the login of a session that runs; one is also made when it stops',
    30,
    1,
    1440,
  ),
  heartbeatMs: whole('Heartbeat interval of a stream, in milliseconds', DEFAULT_HEARTBEAT_MS, 100, 300_000),
  deliveryMaxAttempts: whole(
    'Number of refusals after which an event becomes a dead letter of its subscription',
    DEFAULT_MAX_REFUSALS,
    1,
    1000,
  ),
  deliveryMaxLost: whole(
    'Number of deliveries cut off by a lost connection after which an event becomes a dead letter',
    DEFAULT_MAX_LOSSES,
    1,
    1000,
  ),
  readAheadMax: whole(
    'Number of positions that a subscription remembers beyond a busy chat',
    DEFAULT_READ_AHEAD,
    1,
    1_000_000,
  ),
  inDoubtPolicy: literals(['hold', 'resend'], {
    description: 'What to do with a send whose outcome is unknown: hold it for an operator, or send it again',
    default: 'hold',
  }),
  sendExpirySeconds: whole(
    'Seconds within which a message must be sent before it fails, unless the request sets its own limit',
    MAX_EXPIRY_SECONDS,
    1,
    MAX_EXPIRY_SECONDS,
  ),
  sandboxFaults: Type.Optional(text('Faults that sandbox sessions start with, as JSON; for tests and demonstrations')),
  sandboxNetworkUrl: Type.Optional(
    text(
      'URL of a simulated phone network in another process (http, on loopback); by default it runs inside the bridge',
      {
        pattern: '^http://',
      },
    ),
  ),
  sandboxAutoLink: Type.Boolean({
    description: 'Link sandbox sessions automatically, without a QR code',
    default: false,
  }),
  logLevel: literals(LOG_LEVELS, {
    description: 'Minimum severity of the log lines that are written',
    default: 'info',
  }),
  logFormat: literals(['json', 'pretty'], {
    description: 'JSON lines, or text for a terminal',
    default: 'json',
  }),
  shutdownTimeoutMs: whole('Maximum duration of a graceful stop, in milliseconds', 15_000, 100, 600_000),
});
export type Settings = Static<typeof SettingsSchema>;
export type SettingName = keyof Settings;

export const SETTING_NAMES = Object.keys(SettingsSchema.properties) as readonly SettingName[];

/** Name of the setting in the environment: `dataDir` is `WABRIDGE_DATA_DIR`. */
export const envNameOf = (name: string): string =>
  `WABRIDGE_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

/** The flags of the setting `browserFlags`, one by one. */
export const browserFlagsOf = ({ browserFlags }: Pick<Settings, 'browserFlags'>): string[] =>
  (browserFlags ?? '')
    .split('\n')
    .map((flag) => flag.trim())
    .filter((flag) => flag !== '');

/**
 * The variables that start with WABRIDGE_ and are not settings: for the CLI (file, URL, key, passphrase), and the
 * repository's scripts.
 */
export const OTHER_VARIABLES: readonly string[] = [
  'WABRIDGE_CONFIG',
  'WABRIDGE_URL',
  'WABRIDGE_KEY',
  'WABRIDGE_PASSPHRASE',
  'WABRIDGE_NPM',
  'WABRIDGE_N8N_PORT',
];

/** Written by a running bridge into its data folder, so that commands find it whatever port it got. */
export const URL_FILE = 'bridge.url';

/** Below the data folder: a folder with the login state of each session. */
export const PROFILES_FOLDER = 'profiles';

/** What the schema of a setting says, in plain members. */
export interface SettingDefinition {
  readonly description: string;
  readonly default?: unknown;
  readonly secret?: boolean;
  readonly type?: 'string' | 'integer' | 'boolean' | 'array';
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: { readonly enum?: readonly string[] };
}

export const definitionOf = (name: SettingName): SettingDefinition =>
  SettingsSchema.properties[name] as TSchema as unknown as SettingDefinition;
