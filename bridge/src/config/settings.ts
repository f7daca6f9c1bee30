/**
 * Every setting of the bridge, in one schema: type, default, description and whether it is secret. The name in the
 * environment follows from the name here (`dataDir` is WABRIDGE_DATA_DIR), so no list can disagree with it. Reading
 * them is in `load-settings.ts`, showing them in `describe-settings.ts`.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { MAX_EXPIRY_SECONDS } from '../contract/messages.ts';
import { ENGINE_NAMES } from '../engine/engine.ts';
import { LOG_LEVELS } from '../ops/logger.ts';

const MIB = 1024 * 1024;

const text = (description: string, extra: object = {}) => Type.String({ minLength: 1, description, ...extra });
const whole = (description: string, fallback: number, minimum: number, maximum: number) =>
  Type.Integer({ description, default: fallback, minimum, maximum });
const bytes = (description: string, fallback: number) =>
  whole(`${description}, in bytes`, fallback, 1, Number.MAX_SAFE_INTEGER);

export const SettingsSchema = Type.Object(
  {
    dataDir: text('Folder that holds the database, media, login states and the operator key', {
      default: './.wabridge',
    }),
    host: text('Address to listen on', { default: '127.0.0.1' }),
    port: whole('Port to listen on; 0 lets the system choose', 8477, 0, 65_535),
    publicUrls: Type.Array(Type.String({ format: 'url', pattern: '^https?://' }), {
      description:
        'URLs under which clients reach this bridge; signatures are checked against them (loopback is always included)',
      default: [],
    }),
    behindProxy: Type.Boolean({
      description:
        'Says that a TLS-terminating proxy or a private network stands in front, which allows a non-loopback host without TLS',
      default: false,
    }),
    tlsCertFile: Type.Optional(text('PEM file with the TLS certificate chain')),
    tlsKeyFile: Type.Optional(text('PEM file with the TLS private key', { secret: true })),
    masterKey: Type.Optional(
      text('Key under which stored secrets are encrypted (the login of a proxy): 32 bytes in base64', { secret: true }),
    ),
    masterKeyFile: Type.Optional(
      text('File that holds the master key; master.key in the data folder, made when first needed, unless set'),
    ),
    opsPort: Type.Optional(
      Type.Integer({
        description: 'Loopback port that serves /readyz and /metrics unsigned, for scrapers; off unless set',
        minimum: 0,
        maximum: 65_535,
      }),
    ),
    engines: Type.Array(Type.Enum([...ENGINE_NAMES]), {
      description: 'Engines that sessions may use; the sandbox is a simulation and works only where it is named here',
      default: ['webjs'],
      minItems: 1,
      uniqueItems: true,
    }),
    maxSessions: whole(
      'Most sessions this bridge holds; each of the webjs engine is a browser, for which to plan about 0.5 GiB of memory',
      20,
      1,
      1000,
    ),
    browserPath: Type.Optional(text('Chromium or Chrome for the webjs engine; searched for where not set')),
    browserFlags: Type.Optional(
      text(
        'More command-line flags for the browser of the webjs engine, one per line (a proxy belongs to its session)',
      ),
    ),
    sessionMemoryMaxBytes: whole(
      'Memory that the browser of a session may use, in bytes (PSS of all its processes); above it the browser is restarted in good order; 0 for no ceiling',
      1536 * MIB,
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    eventRetentionDays: whole('Days that events are kept', 30, 1, 3650),
    subscriptionPauseDays: whole(
      'Days after which a subscription that nobody reads (of an unpublished workflow) gathers no more events',
      7,
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
        description: 'Days that message contents are kept, where shorter than the events',
        minimum: 1,
        maximum: 3650,
      }),
    ),
    mediaQuotaBytes: bytes('Most space that media files may take', 10_240 * MIB),
    mediaMaxImageBytes: bytes('Largest image', 16 * MIB),
    mediaMaxVideoBytes: bytes('Largest video', 64 * MIB),
    mediaMaxAudioBytes: bytes('Largest audio file', 16 * MIB),
    mediaMaxDocumentBytes: bytes('Largest document', 100 * MIB),
    mediaRetentionDays: whole('Days that media files are kept', 30, 1, 3650),
    heartbeatMs: whole('Beat of a stream, in milliseconds', 15_000, 100, 300_000),
    deliveryMaxAttempts: whole('Refusals after which an event becomes a dead letter of its subscription', 8, 1, 1000),
    deliveryMaxLost: whole(
      'Deliveries ended by a lost connection after which an event becomes a dead letter',
      20,
      1,
      1000,
    ),
    readAheadMax: whole('Positions a subscription remembers past a busy chat', 10_000, 1, 1_000_000),
    inDoubtPolicy: Type.Enum(['hold', 'resend'], {
      description: 'What to do with a send whose fate cannot be known: hold it for an operator, or send again',
      default: 'hold',
    }),
    sendExpirySeconds: whole(
      'Seconds within which a message is sent or fails, where the request does not say',
      MAX_EXPIRY_SECONDS,
      1,
      MAX_EXPIRY_SECONDS,
    ),
    sandboxFaults: Type.Optional(
      text('Faults that sandbox sessions start with, as JSON; for tests and demonstrations'),
    ),
    sandboxNetworkUrl: Type.Optional(
      text('Simulated phone network in another process, an http URL on loopback; inside the bridge unless set', {
        pattern: '^http://',
      }),
    ),
    sandboxAutoLink: Type.Boolean({
      description: 'Sandbox sessions link themselves, without a QR code',
      default: false,
    }),
    logLevel: Type.Enum([...LOG_LEVELS], { description: 'Least severe log line that is written', default: 'info' }),
    logFormat: Type.Enum(['json', 'pretty'], {
      description: 'JSON lines for machines, or text for a terminal',
      default: 'json',
    }),
    shutdownTimeoutMs: whole('Longest time a graceful stop may take, in milliseconds', 15_000, 100, 600_000),
  },
  { additionalProperties: false },
);
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

/** The variables that start with WABRIDGE_ and are no settings: for the CLI (file, URL, key, passphrase), and the repository's scripts. */
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
