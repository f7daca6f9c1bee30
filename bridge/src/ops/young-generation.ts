/**
 * V8 lets its young generation grow with the memory of the machine: to 134 MB on one with 24 GiB, once some messages have
 * come through, and it does not give that back. The bridge lives beside browsers, and its short-lived objects are small.
 * Node takes the size on its command line alone: V8 ignores the flag in a running process.
 */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';

const FLAG = '--max-semi-space-size';
/** In MB, of each half; see ADR 14 for what it saves and what it costs. */
const SEMI_SPACE_MB = 4;
/** Only a program of ours is restarted, never one that merely calls us. */
const PROGRAMS = ['bin/wabridge.mjs', 'src/main.ts', 'dist/main.js'].map((program) =>
  join(import.meta.dirname, '..', '..', program),
);

/** What is asked of `node:process`. */
export type ThisProcess = Readonly<
  Pick<NodeJS.Process, 'connected' | 'env' | 'execPath' | 'platform'> &
    Record<'argv' | 'execArgv', readonly string[]> & { execve?: NodeJS.Process['execve'] | undefined }
>;

/**
 * The command line with a small young generation; null if it has been settled already (by us or in NODE_OPTIONS) or
 * where this process cannot be restarted: process.execve() came with Node 22.15, is not there on Windows, and would cut
 * the channel to a parent that forked us.
 */
export function thriftyCommandLine(thisProcess: ThisProcess): string[] | null {
  const { argv, connected, env, execArgv, execPath, execve, platform } = thisProcess;
  if (execve === undefined || platform === 'win32' || connected) return null;
  if ([...execArgv, env['NODE_OPTIONS'] ?? ''].some((options) => /semi[-_]space/.test(options))) return null;
  if (argv[1] === undefined || !PROGRAMS.includes(realpathSync(argv[1]))) return null;
  return [execPath, `${FLAG}=${SEMI_SPACE_MB}`, ...execArgv, ...argv.slice(1)];
}

/** Begins this process again with a small young generation, under the same id; returns if there is nothing to do. */
export function keepYoungGenerationSmall(): void {
  const commandLine = thriftyCommandLine(process);
  if (commandLine === null) return;
  try {
    process.execve?.(process.execPath, commandLine, process.env);
  } catch {
    // Node's permission model does not allow it: nothing that the bridge cannot do without.
  }
}
