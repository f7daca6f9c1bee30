/**
 * A program in a process group of its own: what it starts ends with it, and the terminal's Ctrl-C reaches it through us
 * alone, so that things stop in order and nothing is asked twice.
 */
import { spawn } from 'node:child_process';
import { root } from './tasks.ts';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProcessGroup {
  /** Resolves when the program has ended and its output was read. */
  readonly ended: Promise<Ended>;
  /** SIGTERM for the program, and SIGKILL for the whole group where it still lives after the deadline. */
  stop(deadlineMs: number): Promise<void>;
}

export interface GroupOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Gets stdout; the terminal has it where this is not given. */
  readonly onStdout?: (chunk: Buffer) => void;
}

/** Starts a program in the repository root. stderr goes to the terminal. */
export function startGroup(program: string, args: readonly string[], options: GroupOptions = {}): ProcessGroup {
  const child = spawn(program, args, {
    cwd: root,
    env: options.env ?? process.env,
    stdio: ['ignore', options.onStdout === undefined ? 'inherit' : 'pipe', 'inherit'],
    detached: true,
  });
  const killGroup = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  // Whatever ends this process, the group does not outlive it.
  process.on('exit', killGroup);
  if (options.onStdout !== undefined) child.stdout?.on('data', options.onStdout);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('exit', killGroup);
      resolve({ code, signal });
    });
  });
  return {
    ended,
    stop: async (deadlineMs) => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const timer = setTimeout(killGroup, deadlineMs);
      await ended.finally(() => clearTimeout(timer));
    },
  };
}
