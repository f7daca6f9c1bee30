/** The browser processes of a profile, found by the system's own list (Linux). */
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

interface Running {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

async function all(): Promise<Running[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      try {
        const [command, stat] = await Promise.all([
          readFile(`/proc/${pid}/cmdline`, 'utf8'),
          readFile(`/proc/${pid}/stat`, 'utf8'),
        ]);
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return state === 'Z'
          ? null
          : { pid: Number(pid), parent: Number(parent), command: command.replaceAll('\0', ' ') };
      } catch {
        return null;
      }
    }),
  );
  return found.filter((process): process is Running => process !== null);
}

/** The browser of a profile folder and everything it started; empty once all of it has ended. */
export async function browserTree(
  profileFolder: string,
): Promise<{ browser: number | null; renderers: number[]; pids: number[]; commands: string[] }> {
  const running = await all();
  const roots = running.filter(({ command }) => command.includes(`--user-data-dir=${profileFolder}`));
  const pids = new Set(
    descendants(
      running,
      roots.map(({ pid }) => pid),
    ),
  );
  const candidates = roots.filter(
    ({ command }) => !command.includes('--type=') && command.includes('--remote-debugging-'),
  );
  // A package's command may be a script, which is no browser but the parent of one, with the same arguments.
  const browser = candidates.find(({ pid }) => candidates.every(({ parent }) => parent !== pid));
  const renderers = running.filter(({ pid, command }) => pids.has(pid) && command.includes('--type=renderer'));
  return {
    browser: browser?.pid ?? null,
    renderers: renderers.map(({ pid }) => pid),
    pids: [...pids],
    commands: running.filter(({ pid }) => pids.has(pid)).map(({ command }) => command),
  };
}

/** A process, everything that it started, and what else names a folder on its command line, with all that came of it. */
export async function processTree(root: number, folder: string): Promise<number[]> {
  const running = await all();
  return descendants(
    running,
    running.filter(({ pid, command }) => pid === root || command.includes(folder)).map(({ pid }) => pid),
  );
}

function descendants(running: readonly Running[], roots: readonly number[]): number[] {
  const pids = new Set(roots);
  for (let grew = true; grew;) {
    const before = pids.size;
    for (const { pid, parent } of running) if (pids.has(parent)) pids.add(pid);
    grew = pids.size > before;
  }
  return [...pids];
}

/** The system's letter for the state of a process, null for one that is gone. */
function stateOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat[stat.lastIndexOf(')') + 2] ?? null;
  } catch {
    return null;
  }
}

/** Whether a process still does anything: one that has ended can stay listed where nobody asks how it ended. */
export const isRunning = (pid: number): boolean => ![null, 'Z'].includes(stateOf(pid));

/** Whether a process was stopped by SIGSTOP. */
export const isHeld = (pid: number): boolean => stateOf(pid) === 'T';

/** Resolves once none of the processes runs any more. */
export async function untilEnded(pids: readonly number[], timeoutMs = 60_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (pids.some(isRunning)) {
    if (Date.now() > end)
      throw new Error(`still running after ${timeoutMs} ms: ${pids.filter(isRunning).length} processes`);
    await wait(50);
  }
}

/** Ends processes that a test started, and waits until they are gone. */
export async function endAll(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  await untilEnded(pids);
}
