/** A user without rights, and the program where that user can read it (Linux). */
import { spawnSync } from 'node:child_process';
import { chown, cp, mkdir, mkdtemp, readFile, rm, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Stranger } from './json-process.ts';

/** `nobody` on Linux; that there is such a user is not needed. */
const NOBODY = 65_534;
const ROOTS = process.getuid?.() === 0;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SCRIPT = join('test', 'browser', 'session-process.ts');

/** What the stranger runs: a session in a process of its own. */
export interface Program {
  readonly node: string;
  readonly script: URL;
  remove(): Promise<void>;
}

/** The program as it lies here; a checkout in somebody's home is closed to others, so that it is copied to where it is open. */
export async function programForStranger(): Promise<Program> {
  const needed = [SCRIPT, 'bridge/src/main.ts', 'node_modules/whatsapp-web.js/package.json'];
  if (!ROOTS || [process.execPath, ...needed.map((path) => join(ROOT, path))].every(readable))
    return { node: process.execPath, script: pathToFileURL(join(ROOT, SCRIPT)), remove: async () => undefined };
  const stage = await mkdtemp(join(tmpdir(), 'wabridge-program-'));
  await chmod(stage, 0o755);
  const node = join(stage, 'node');
  await cp(process.execPath, node);
  for (const path of ['package.json', 'bridge/package.json', 'bridge/src', 'test/package.json', SCRIPT])
    await cp(join(ROOT, path), join(stage, path), { recursive: true });
  for (const path of await productionPackages())
    await cp(join(ROOT, path), join(stage, path), { recursive: true, dereference: true });
  return {
    node,
    script: pathToFileURL(join(stage, SCRIPT)),
    remove: () => rm(stage, { recursive: true, force: true }),
  };
}

/** Where root runs the tests another user, else that user, with a home in the folder of a test, which becomes theirs too. */
export async function strangerIn(folder: string, { node }: Program): Promise<Stranger> {
  const home = join(folder, 'home');
  await mkdir(home);
  const uid = ROOTS ? NOBODY : (process.getuid?.() as number);
  const gid = ROOTS ? NOBODY : (process.getgid?.() as number);
  for (const each of [folder, home]) await chown(each, uid, gid);
  return { uid, gid, home, node };
}

const readable = (path: string): boolean =>
  spawnSync('test', ['-r', path], { uid: NOBODY, gid: NOBODY, cwd: '/' }).status === 0;

/** Folders of the packages that the bridge needs, as the lock file has them. */
async function productionPackages(): Promise<string[]> {
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; link?: boolean; optional?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev, link, optional }]) => path.startsWith('node_modules/') && !dev && !link && !optional)
    .map(([path]) => path);
}
