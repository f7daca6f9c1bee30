/**
 * V8 lets its young generation grow with the memory of the machine: to 134 MB on one with 24 GiB, once some messages have
 * come through, and it does not give that back. The bridge lives beside browsers, and its short-lived objects are small.
 * Node takes the size on its command line alone: V8 ignores the flag in a running process.
 */
import { realpathSync } from 'node:fs';

const FLAG = '--max-semi-space-size';
/** In MB, of each half; see ADR 14 for what it saves and what it costs. */
const SEMI_SPACE_MB = 4;

/** What is asked of `node:process`. */
export type ThisProcess = Readonly<
  Pick<NodeJS.Process, 'connected' | 'env' | 'execPath' | 'platform'> &
    Record<'argv' | 'execArgv', readonly string[]> & { execve?: NodeJS.Process['execve'] | undefined }
>;

/**
 * The command line with a small young generation; null if another program merely calls us, if the size has been settled
 * already (by us or in NODE_OPTIONS), or where this process cannot be restarted: process.execve() came with Node 22.15, is
 * not there on Windows, and would cut the channel to a parent that forked us.
 *
 * @param program the file that asks
 */
export function thriftyCommandLine(thisProcess: ThisProcess, program: string): string[] | null {
  const { argv, connected, env, execArgv, execPath, execve, platform } = thisProcess;
  if (execve === undefined || platform === 'win32' || connected) return null;
  if ([...execArgv, env['NODE_OPTIONS'] ?? ''].some((options) => /semi[-_]space/.test(options))) return null;
  if (argv[1] === undefined || realpathSync(argv[1]) !== program) return null;
  return [execPath, `${FLAG}=${SEMI_SPACE_MB}`, ...execArgv, ...argv.slice(1)];
}

/**
 * Begins this process again with a small young generation, under the same id; returns if there is nothing to do.
 *
 * @param program the file that asks; only if it is what was started, the process is ours
 */
export function keepYoungGenerationSmall(program: string): void {
  const commandLine = thriftyCommandLine(process, program);
  if (commandLine === null) return;
  try {
    process.execve?.(process.execPath, commandLine, process.env);
  } catch {
    // Node's permission model does not allow it: nothing that the bridge cannot do without.
  }
}
