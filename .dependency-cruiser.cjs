/**
 * The direction of imports, as bridge/docs/architecture.md draws it:
 *   engine -> recorder -> event log -> stream; http -> outbox -> dispatcher -> engine; nothing flows the other way.
 */
const folder = (name) => `^bridge/src/${name}/`;
/** What each folder of bridge/src may import, besides itself. compose.ts with compose/, run-bridge.ts and main.ts may import everything. */
const ALLOWED = {
  contract: [],
  ops: ['contract'],
  config: ['contract', 'ops', 'engine'],
  engine: ['contract', 'ops'],
  store: ['contract', 'ops'],
  ownership: [],
  events: ['contract', 'ops', 'store', 'engine'],
  auth: ['contract', 'ops', 'store'],
  s3: ['contract'],
  profiles: ['contract', 'ops', 'engine', 's3'],
  media: ['contract', 'ops', 's3', 'store', 'engine', 'sessions', 'events', 'ownership'],
  sessions: ['contract', 'ops', 'store', 'engine', 'events', 'ownership'],
  stream: ['contract', 'ops', 'store', 'events', 'auth', 'ownership'],
  outbox: ['contract', 'ops', 'store', 'engine', 'sessions', 'media', 'events', 'ownership'],
  operations: ['contract', 'ops', 'auth', 'sessions', 'outbox', 'stream', 'events'],
  http: [
    'contract',
    'ops',
    'config',
    'auth',
    'sessions',
    'outbox',
    'media',
    'stream',
    'events',
    'operations',
    'engine',
  ],
  cli: ['contract', 'ops', 'config', 'auth', 'store'],
};

const WEBJS = 'engine/webjs';
/** The same of the rooms of the browser engine; all of them know its deadlines, and none knows what joins them. */
const WEBJS_ALLOWED = {
  page: [],
  browser: ['page'],
  login: ['page', 'browser'],
  inbound: ['page', 'login'],
  outbound: ['page'],
  health: ['page', 'browser', 'inbound'],
};

/** Single files outside of those: the command starts the bridge, knows the sandbox's vocabulary, finds or installs a browser, carries login states, and checks and copies media stores. */
const ALLOWED_FILES = {
  cli: [
    '^bridge/src/(run-bridge|version)\\.ts',
    '^bridge/src/compose/(media|profile)-store\\.ts',
    '^bridge/src/media/copy-media\\.ts',
    '^bridge/src/engine/sandbox/sandbox-contract\\.ts',
    '^bridge/src/engine/sandbox/driver/',
    '^bridge/src/engine/webjs/(browser/browser-(check|finder|installer)|login/login-backup)\\.ts',
  ],
};

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'imports of types count too: a circle of types is two files that cannot be read one without the other',
      from: {},
      to: { circular: true },
    },
    ...Object.entries(ALLOWED).map(([name, allowed]) => ({
      name: `${name}-imports`,
      severity: 'error',
      comment: `bridge/src/${name} may import: ${[name, ...allowed].join(', ')}`,
      from: { path: folder(name) },
      to: { path: '^bridge/src/', pathNot: [...[name, ...allowed].map(folder), ...(ALLOWED_FILES[name] ?? [])] },
    })),
    ...Object.entries(WEBJS_ALLOWED).map(([name, allowed]) => ({
      name: `webjs-${name}-imports`,
      severity: 'error',
      comment: `bridge/src/${WEBJS}/${name} may import of ${WEBJS}: ${[name, ...allowed, 'deadlines.ts'].join(', ')}`,
      from: { path: folder(`${WEBJS}/${name}`) },
      to: {
        path: folder(WEBJS),
        pathNot: [
          ...[name, ...allowed].map((room) => folder(`${WEBJS}/${room}`)),
          `^bridge/src/${WEBJS}/deadlines\\.ts$`,
        ],
      },
    })),
    {
      name: 'pack-stands-alone',
      severity: 'error',
      comment: 'the pack never imports the bridge: what both need is generated (scripts/generate-pack-contract.ts)',
      from: { path: '^(nodes|credentials)/' },
      to: { path: '^(bridge|test|scripts)/' },
    },
    {
      name: 'standin-knows-nothing-of-the-bridge',
      severity: 'error',
      comment: 'otherwise both would share one misreading of WhatsApp Web',
      from: { path: '^test/standin/' },
      to: { path: '^bridge/' },
    },
    {
      name: 'http-sees-no-engine',
      severity: 'error',
      comment: 'http sees the session registry, never an engine (the driver of the sandbox is a catalogue of its own)',
      from: { path: folder('http') },
      to: { path: '^bridge/src/engine/(webjs|sandbox/(?!driver/driver\\.ts))' },
    },
    {
      name: 'engines-are-composed',
      severity: 'error',
      from: { path: '^bridge/src/(?!compose|engine|config|cli)' },
      to: { path: '^bridge/src/engine/(webjs)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'] },
  },
};
