/**
 * A process that holds one session, for tests that kill it: `node session-process.ts <profile folder> <settings as JSON>
 * <deadlines as JSON>`. Prints every signal, fact and warning as a line of JSON. On its input: `stray` makes work of the
 * library fail unhandled, `send <chat> <text>` sends, `stop` ends the session and the process.
 */
import { createInterface } from 'node:readline';
import whatsapp from 'whatsapp-web.js';
import type { ChatId, SessionName } from '../../bridge/src/contract/ids.ts';
import { DEADLINES, type Deadlines } from '../../bridge/src/engine/webjs/deadlines.ts';
import type { WebjsSettings } from '../../bridge/src/engine/webjs/webjs-engine.ts';
import { WebjsFactory } from '../../bridge/src/engine/webjs/webjs.ts';
import { systemClock } from '../../bridge/src/ops/clock.ts';
import type { Log } from '../../bridge/src/ops/logger.ts';

const [folder = '', settings = '{}', deadlines = '{}'] = process.argv.slice(2);
const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const warn = (...said: unknown[]): void => print({ kind: 'warned', said });
const log: Log = { debug() {}, info() {}, warn, error: warn, fatal: warn, child: () => log };
// The bridge takes signals itself and ends in good order; what this process does then is the test's to say.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => print({ kind: 'asked' }));

// Work of the library that nobody waits for, begun by the session and failing when the test says so.
let stray = (): void => undefined;
const failing = new Promise<void>((resolve) => (stray = resolve));
const library = whatsapp.Client.prototype as { initialize: (this: whatsapp.Client) => Promise<void> };
const { initialize } = library;
library.initialize = function () {
  void failing.then(() => Promise.reject(new Error('Target closed')));
  return initialize.call(this);
};

const engine = new WebjsFactory(JSON.parse(settings) as WebjsSettings, systemClock, log, {
  ...DEADLINES,
  ...(JSON.parse(deadlines) as Partial<Deadlines>),
}).create('killed' as SessionName, folder, { signal: (signal) => print(signal), fact: async (fact) => print(fact) });
await engine.start();
print({ kind: 'started' });

for await (const line of createInterface({ input: process.stdin })) {
  const [word, chat, ...text] = line.split(' ');
  if (word === 'stray') {
    stray();
  } else if (word === 'send') {
    engine
      .perform('message.sendText', { chatId: chat as ChatId, text: text.join(' ') })
      .then((receipt) => print({ kind: 'receipt', ...receipt }))
      .catch((error: Error) => print({ kind: 'not_sent', reason: error.message }));
  } else if (word === 'stop') break;
}
await engine.stop();
process.exit(0);
