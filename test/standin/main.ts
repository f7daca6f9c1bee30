/** The stand-in alone: `npm run standin`, or `node test/standin/main.ts`. */
import { parseArgs } from 'node:util';
import { BUILDS } from './page-settings.ts';
import { Standin } from './server.ts';
import { converse, help } from './terminal/terminal.ts';

const USAGE = `A stand-in for WhatsApp Web on this machine, for anyone who develops against it.

  npm run standin -- [options]

  --port <number>        where to listen; without it, wherever there is room
  --build <old|new>      old: message ids are in _serialized; new: in $1, as since July 2026
  --sync-delay <ms>      from the connection to the end of the sync (300)
  --help

Commands are read from the terminal, or from a pipe:
${help()}
`;

function options() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string', default: '0' },
        build: { type: 'string', default: 'old' },
        'sync-delay': { type: 'string', default: '300' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return `${(error as Error).message}`;
  }
}

const chosen = options();
if (typeof chosen === 'string' || !['old', 'new'].includes(chosen.build) || !/^\d+$/.test(chosen.port)) {
  console.error(`${typeof chosen === 'string' ? chosen : 'the port or the build is not understood'}\n\n${USAGE}`);
  process.exit(1);
}
if (chosen.help) {
  console.log(USAGE);
  process.exit(0);
}

const standin = new Standin();
const build = chosen.build === 'new' ? '$1' : '_serialized';
Object.assign(standin.page, { build, version: BUILDS[build], syncDelayMs: Number(chosen['sync-delay']) });
try {
  await standin.start(Number(chosen.port));
} catch (error) {
  console.error(`the stand-in cannot listen on port ${chosen.port}: ${(error as Error).message}. Try another --port.`);
  process.exit(1);
}
const { network } = standin;
const people = ['Ada', 'Bob', 'Carol'].map((name, index) => network.addAccount(`491511000000${index + 1}`, name));
network.addGroup('All of us', people);

const flags = standin.browserArgs;
console.log(`The stand-in for WhatsApp Web listens on 127.0.0.1:${standin.port}, page ${standin.page.version} (${build}).

With whatsapp-web.js:

  new Client({
    authStrategy: new LocalAuth(),
    webVersionCache: { type: 'none' },
    puppeteer: {
      args: ${JSON.stringify(flags, null, 2).replaceAll('\n', '\n      ')},
    },
  });

With wabridge (bash):

  export WABRIDGE_ENGINES=webjs
  export WABRIDGE_BROWSER_FLAGS=$'${flags.join('\\n')}'

There are Ada +4915110000001, Bob +4915110000002, Carol +4915110000003 and the group "All of us". Once a page shows a QR,
type "link ada"; then "say bob ada hello". "help" lists everything, "quit" ends.
`);
await converse(standin);
await standin.stop();
