/** The pack as it would be published, put where an n8n looks for community packages. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Builds the pack where it is stale and packs it.
 *
 * @returns the tarball, in the folder
 */
export async function packInto(folder: string): Promise<string> {
  await buildPackIfStale();
  await npm('pack', '--pack-destination', folder, '--loglevel=error');
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack wrote no tarball');
  return join(folder, tarball);
}

/**
 * Packs the pack and unpacks it.
 *
 * @param modules the `node_modules` in which n8n looks
 */
export async function installPack(modules: string): Promise<void> {
  await mkdir(modules, { recursive: true });
  const folder = await mkdtemp(join(tmpdir(), 'wabridge-pack-'));
  try {
    await run('tar', ['-xzf', await packInto(folder)], { cwd: folder });
    const target = join(modules, 'n8n-nodes-wabridge');
    await rm(target, { recursive: true, force: true });
    await rename(join(folder, 'package'), target).catch(
      async () => await cp(join(folder, 'package'), target, { recursive: true }),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function npm(...args: readonly string[]): Promise<void> {
  const program = process.env['WABRIDGE_NPM'];
  if (program === undefined) await run('npm', args, { cwd: ROOT });
  else await run(process.execPath, [program, ...args], { cwd: ROOT });
}

/** `npm test` and `npm start` build beforehand; a single test run by hand must not meet an old build. */
async function buildPackIfStale(): Promise<void> {
  const entry = join(ROOT, 'dist', 'nodes', 'WaBridge', 'WaBridge.node.js');
  const built = existsSync(entry) ? (await stat(entry)).mtimeMs : 0;
  const sources = ['nodes', 'credentials', 'icons'].map((name) => join(ROOT, name));
  const changed = await Promise.all(
    sources.map(async (source) => {
      const entries = await readdir(source, { recursive: true, withFileTypes: true });
      const times = entries
        .filter((file) => file.isFile())
        .map(async (file) => (await stat(join(file.parentPath, file.name))).mtimeMs);
      return Math.max(0, ...(await Promise.all(times)));
    }),
  );
  if (Math.max(...changed) <= built) return;
  await run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json'], {
    cwd: ROOT,
  });
  await run(process.execPath, [join(ROOT, 'node_modules', 'gulp', 'bin', 'gulp.js'), 'assets'], { cwd: ROOT });
}
