/** Crashes a tab from outside, by the system's list of processes (Linux). */
import { readdir, readFile, readlink } from 'node:fs/promises';

interface Running {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/**
 * Kills all renderers of the browser that speaks from a port of this machine.
 *
 * @throws Error (as a rejection) where no browser does, or it cannot be looked up on this system
 */
export async function crashRenderers(port: number): Promise<void> {
  const running = await processes();
  const owner = await ownerOf(port);
  let browser = running.find(({ pid }) => pid === owner);
  while (browser?.command.includes('--type=')) {
    const { parent } = browser;
    browser = running.find(({ pid }) => pid === parent);
  }
  if (!browser) throw new Error(`no browser of this machine speaks from port ${port}`);
  const family = new Set([browser.pid]);
  for (let grew = true; grew;) {
    const before = family.size;
    for (const { pid, parent } of running) if (family.has(parent)) family.add(pid);
    grew = family.size > before;
  }
  const renderers = running.filter(({ pid, command }) => family.has(pid) && command.includes('--type=renderer'));
  if (renderers.length === 0) throw new Error('the browser has no renderer');
  for (const { pid } of renderers) process.kill(pid, 'SIGKILL');
}

/** The process that holds the TCP connection which leaves from a port; undefined where none of ours does. */
async function ownerOf(port: number): Promise<number | undefined> {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const inodes = tables
    .flatMap((table) => table.split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local]) => local?.endsWith(ending))
    .map((fields) => `socket:[${fields[9] ?? ''}]`);
  for (const pid of await pids()) {
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const file of files) {
      const target = await readlink(`/proc/${pid}/fd/${file}`).catch(() => '');
      if (inodes.includes(target) && pid !== process.pid) return pid;
    }
  }
  return undefined;
}

async function processes(): Promise<readonly Running[]> {
  const found = await Promise.all(
    (await pids()).map(async (pid) => {
      const [command, stat] = await Promise.all([
        readFile(`/proc/${pid}/cmdline`, 'utf8'),
        readFile(`/proc/${pid}/stat`, 'utf8'),
      ]).catch(() => ['', '']);
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return { pid, parent, command: command.replaceAll('\0', ' ') };
    }),
  );
  return found.filter(({ command }) => command !== '');
}

async function pids(): Promise<readonly number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}
