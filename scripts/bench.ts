/**
 * `npm run bench`: runs every benchmark of test/benchmark/, each against a baseline of the same run, and prints ratios.
 * `npm run bench -- --publish` also writes docs/benchmarks.md, with the machine named.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'prettier';
import { ratioOf, type BenchmarkRow } from '../test/benchmark/benchmark.ts';
import { BROWSERS, ensureDebianPackages, SERVERS } from './debian-packages.ts';
import { build, root, run, say } from './tasks.ts';

const BENCHMARKS = [
  'stream',
  'appends',
  'appends-postgres',
  'scheduler',
  'media-s3',
  'webjs',
  'webjs-media',
  'n8n',
] as const;

// n8n has a process group of its own, which is ended where this process exits, but not where a signal ends it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

const installed = await run(process.execPath, ['scripts/install-n8n.cjs']);
if (installed.code !== 0) process.exit(installed.code);
await ensureDebianPackages([...BROWSERS, ...SERVERS]);
await build();

const startedAt = performance.now();
const load = loadavg()[0] ?? 0;
if (load > cpus().length / 2) say(`this machine is busy (load ${load.toFixed(1)}), which affects the figures`);
const rows: BenchmarkRow[] = [];
const failed: string[] = [];
for (const name of BENCHMARKS) {
  say(`running ${name} …`);
  const file = pathToFileURL(join(root, 'test', 'benchmark', `${name}.bench.ts`)).href;
  try {
    const { run: bench } = (await import(file)) as { run: () => Promise<BenchmarkRow[]> };
    const measured = await bench();
    rows.push(...measured);
    for (const row of measured) say(`  ${row.name}, ${row.unit}: ${ratioOf(row).toFixed(2)} × the ${row.kind}`);
  } catch (error) {
    failed.push(name);
    console.error(error);
  }
}
say(`done in ${Math.round((performance.now() - startedAt) / 1_000)} s`);

const figure = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
const comparison = (row: BenchmarkRow): string => `${ratioOf(row).toFixed(2)} × the ${row.kind}`;
/** What several baselines have in common is said once, below the table. */
const notes = [...new Set(rows.map(({ baselineIs }) => baselineIs))];
const table = [
  '| what | unit | wabridge | baseline | wabridge / baseline | baseline |',
  '|---|---|---:|---:|---:|:---:|',
  ...rows.map((row) => {
    const note = notes.indexOf(row.baselineIs) + 1;
    return `| ${row.name} | ${row.unit} | ${figure(row.ours)} | ${figure(row.baseline)} | ${comparison(row)} | ${note} |`;
  }),
].join('\n');
const baselines = notes.map((note, index) => `${index + 1}. ${note[0]?.toUpperCase()}${note.slice(1)}.`).join('\n');
const formatted = async (text: string): Promise<string> => await format(text, { parser: 'markdown', printWidth: 120 });
console.log(await formatted(`${table}\n\nThe baselines:\n\n${baselines}\n`));

for (const row of rows.filter((each) => ratioOf(each) > (each.atMost ?? Infinity)))
  failed.push(`${row.name} (${comparison(row)}, and ${row.atMost} was promised)`);
if (failed.length > 0) {
  say(`failed: ${failed.join(', ')} (see above)`);
  process.exit(1);
}
if (process.argv.includes('--publish')) {
  const gib = Math.round(totalmem() / 2 ** 30);
  const machine =
    `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${gib} GiB, ${process.platform} ` +
    `${process.arch}, Node ${process.versions.node}`;
  const text = `# Benchmarks

Written by \`npm run bench -- --publish\`. Read the ratios, not the figures: the machine is shared and noisy, and both
sides of a row were measured in the same run. The ratio is always wabridge / baseline: above 1 is slower for times,
faster for rates and bigger for memory.

Machine: ${machine}. Run on ${new Date().toISOString().slice(0, 10)}, load average before the run ${load.toFixed(1)}.

${table}

The baselines, and what they do not do that wabridge does:

${baselines}

The comment at the top of each file in \`test/benchmark/\` says how its rows are measured.
`;
  const docs = join(root, 'docs');
  mkdirSync(docs, { recursive: true });
  writeFileSync(join(docs, 'benchmarks.md'), await formatted(text));
  say('wrote docs/benchmarks.md');
}
// A benchmark that leaves a handle open must not keep the run alive.
process.exit(0);
