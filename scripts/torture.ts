/**
 * `npm run torture -- --kills 200 --seed 1 --backend all`: kills the bridge and the servers behind it while messages are sent
 * and received, writes down what was seen, and has a checker judge it. The options shown are the defaults, but for the seed,
 * which is a new one each time. The kills are shared among the backends.
 */
import { randomInt } from 'node:crypto';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { BACKENDS } from '../test/servers/backends.ts';
import { torture, type TortureReport } from '../test/torture/torture.ts';
import { ensureDebianPackages, SERVERS } from './debian-packages.ts';
import { root, say } from './tasks.ts';

const DEFAULT_KILLS = '200';
/** More than that says nothing new. */
const SHOWN_FINDINGS = 20;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: DEFAULT_KILLS },
    seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
    backend: { type: 'string', default: 'all' },
  },
});
const kills = wholeNumber('kills', values.kills);
const seed = wholeNumber('seed', values.seed);
const backends = values.backend === 'all' ? BACKENDS : BACKENDS.filter((name) => name === values.backend);
if (backends.length === 0) throw new Error(`--backend is one of ${BACKENDS.join(', ')}, all`);

const stopping = new AbortController();
// What was started is ended first.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)));

if (backends.some((name) => name !== 'sqlite')) await ensureDebianPackages(SERVERS);

let failed = false;
for (const [index, backend] of backends.entries()) {
  if (stopping.signal.aborted) break;
  const share = shareOf(index);
  if (share === 0) continue;
  const historyFile = join(root, '.cache', 'torture', `${backend}-${seed}.jsonl`);
  say(`torturing a bridge on ${backend}: ${share} kills, seed ${seed} …`);
  const report = await torture({
    ...{ backend, kills: share, seed, historyFile, signal: stopping.signal },
    say: (line) => say(`  ${line}`),
  });
  print(report, historyFile, `--kills ${share} --seed ${seed} --backend ${backend}`);
  failed ||= report.findings.length > 0;
}
// A server that did not end in time must not keep the run alive; what is left ends with this process.
process.exit(failed || stopping.signal.aborted ? 1 : 0);

/** A third for SQLite, where only the bridge can be killed, unless it is alone. */
function shareOf(index: number): number {
  if (backends.length === 1) return kills;
  const first = Math.floor(kills / 3);
  return index === 0 ? first : kills - first;
}

/** @param again the arguments that repeat the run */
function print({ tally, findings, seconds, cpuSeconds }: TortureReport, historyFile: string, again: string): void {
  const { killsByKind, ...figures } = tally;
  console.log(`\n${again}: ${findings.length === 0 ? 'nothing lost, nothing doubled, nothing swapped' : 'FAILED'}`);
  for (const [name, value] of Object.entries(figures)) console.log(`  ${name.padEnd(16)} ${value}`);
  for (const [name, value] of Object.entries(killsByKind)) console.log(`    ${name.padEnd(30)} ${value}`);
  console.log(`  ${'seconds'.padEnd(16)} ${seconds.toFixed(0)}, ${cpuSeconds.toFixed(0)} of the processor`);
  console.log(`  ${'history'.padEnd(16)} ${relative(root, historyFile)}`);
  for (const { rule, what } of findings.slice(0, SHOWN_FINDINGS)) console.log(`  ${rule}: ${what}`);
  if (findings.length > SHOWN_FINDINGS) console.log(`  and ${findings.length - SHOWN_FINDINGS} more`);
  if (findings.length > 0) console.log(`  again: npm run torture -- ${again}`);
}

function wholeNumber(name: string, stated: string): number {
  const value = Number(stated);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} is "${stated}". Write a whole number from 1 on.`);
  return value;
}
