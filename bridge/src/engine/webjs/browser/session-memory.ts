/** How much memory a browser and everything it started use. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const KIB = 1024;

/**
 * The memory of a process group in bytes: Puppeteer starts each browser as the leader of one, which its children share.
 * On Linux as PSS, in which a page that several processes share counts as a part for each, so that sessions can be
 * added up; elsewhere as RSS, which counts it for each in full.
 *
 * @returns null if no such process runs, or this system does not tell
 */
export async function memoryOfGroup(leader: number): Promise<number | null> {
  if (process.platform === 'win32') return null;
  return process.platform === 'linux' ? fromProc(leader) : fromPs(leader);
}

async function fromProc(leader: number): Promise<number | null> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const sizes = await Promise.all(
    pids.map(async (pid) => ((await groupOf(pid)) === leader ? await sizeOf(pid) : null)),
  );
  const known = sizes.filter((size) => size !== null);
  return known.length === 0 ? null : known.reduce((sum, size) => sum + size, 0);
}

/** Null for a process that has ended, or is a zombie. */
async function groupOf(pid: string): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in the second field may hold anything, brackets included.
  const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' || state === 'Z' ? null : Number(group);
}

async function sizeOf(pid: string): Promise<number | null> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const pss = numberIn(rollup, 'Pss');
  if (pss !== null) return pss;
  // A process that hides from its own user still tells what is not a file, which is most of what belongs to it alone.
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const anonymous = numberIn(status, 'RssAnon');
  return anonymous === null ? null : anonymous + (numberIn(status, 'RssShmem') ?? 0);
}

function numberIn(text: string, name: string): number | null {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text);
  return found ? Number(found[1]) * KIB : null;
}

async function fromPs(leader: number): Promise<number | null> {
  const { stdout } = await run('ps', ['-axo', 'pgid=,rss=']);
  return sumOfGroup(stdout, leader);
}

/** @param listed lines of group and RSS in KiB, as `ps` prints them */
export function sumOfGroup(listed: string, leader: number): number | null {
  const sizes = listed.split('\n').flatMap((line) => {
    const [group, size] = line.trim().split(/\s+/).map(Number);
    return group === leader && size !== undefined ? [size * KIB] : [];
  });
  return sizes.length === 0 ? null : sizes.reduce((sum, size) => sum + size, 0);
}
