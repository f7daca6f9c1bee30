/**
 * Puts the bridge and the libraries that it always loads into a few files: a bridge of about 1,500 modules takes one second
 * of processor time and 35 MB more at each start (bridge/docs/adr/0040-the-build-is-a-few-files.md).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** What is started or loaded by its file name. */
const PROGRAMS = ['main.ts', 'cli/cli.ts', 'ops/young-generation.ts', 'store/sqlite/writer.worker.ts'];

/**
 * Stay packages of their own. Those of the first line are loaded where a setting or a command asks for them, the others bring
 * threads or files of their own along.
 */
const APART = [
  ...['@aws-sdk/*', 'bullmq', 'ioredis', 'pg', 'qrcode', '@puppeteer/browsers'],
  ...['whatsapp-web.js', 'puppeteer', 'pino', 'pino-pretty', 'file-type'],
];

/**
 * Writes the build into `dist/`. All files are beside each other, as the code expects that looks for one of them.
 *
 * @param folder of the bridge
 */
export async function bundleBridge(folder: string): Promise<void> {
  const { metafile } = await build({
    metafile: true,
    absWorkingDir: folder,
    entryPoints: PROGRAMS.map((program) => join('src', program)),
    entryNames: '[name]',
    outdir: 'dist',
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22.13',
    external: APART,
    sourcemap: true,
    sourcesContent: false,
    // Libraries in CommonJS ask for modules of Node by it. The names are those that no module of ours or theirs has.
    banner: {
      js: "import { createRequire as requireOfBundle } from 'node:module'; const require = requireOfBundle(import.meta.url);",
    },
    logLevel: 'warning',
  });
  writeFileSync(join(folder, 'dist', 'licenses.txt'), licencesOf(folder, Object.keys(metafile.inputs)));
}

/** The licences of the libraries in the build: they ask to be passed on with each copy. @param files relative to the folder */
function licencesOf(folder: string, files: readonly string[]): string {
  const packages = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []);
  return [...new Set(packages)]
    .sort()
    .map((path) => licenceOf(join(folder, path)))
    .join('\n\n');
}

function licenceOf(home: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  const file = readdirSync(home).find((each) => /^(licen[cs]e|copying)/i.test(each));
  const text =
    file === undefined ? 'The package has no file with the text.' : readFileSync(join(home, file), 'utf8').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
}
