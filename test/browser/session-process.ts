/**
 * A process that holds one session, for tests that kill it: `node session-process.ts <profile folder> <browser flags as
 * JSON>`. Prints every signal and fact as a line of JSON; the word `stray` on its input makes the page's work fail unhandled.
 */
import { createInterface } from 'node:readline';
import type { SessionName } from '../../bridge/src/contract/ids.ts';
import { DEADLINES } from '../../bridge/src/engine/webjs/deadlines.ts';
import { attributeRejections } from '../../bridge/src/engine/webjs/rejections.ts';
import { WebjsFactory } from '../../bridge/src/engine/webjs/webjs.ts';
import { systemClock } from '../../bridge/src/ops/clock.ts';
import { createLogger } from '../../bridge/src/ops/logger.ts';

const [folder = '', flags = '[]'] = process.argv.slice(2);
const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const settings = { browserPath: process.env['WABRIDGE_BROWSER_PATH'], browserArgs: JSON.parse(flags) as string[] };
const engine = new WebjsFactory(settings, systemClock, createLogger('silent', 'json'), DEADLINES).create(
  'killed' as SessionName,
  folder,
  {
    signal: (signal) => print(signal),
    fact: async (fact) => print(fact),
  },
);
await engine.start();
print({ kind: 'started' });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'stray') {
    attributeRejections(
      (reason) => print({ kind: 'attributed', reason: String(reason) }),
      () => void setTimeout(() => void Promise.reject(new Error('Target closed')), 1),
    );
  }
}
