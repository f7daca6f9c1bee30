/** The command in this process: one of its own costs most of a second of processor time before it does anything. */
import { jest } from '@jest/globals';
import { run } from '../../../bridge/src/cli/cli.ts';
import type { Result } from './cli-result.ts';

/**
 * Runs a command line as a process with this environment alone would; one at a time, since both streams are taken.
 *
 * @param heard is given all that was said on stderr, each time that something is
 */
export async function runHere(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  heard: (err: string) => void = () => undefined,
): Promise<Result> {
  const umask = process.umask();
  const before = process.env;
  const written = { out: '', err: '' };
  const into =
    (stream: 'out' | 'err') =>
    (text: unknown): boolean => {
      written[stream] += String(text);
      if (stream === 'err') heard(written.err);
      return true;
    };
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation(into('out')),
    jest.spyOn(process.stderr, 'write').mockImplementation(into('err')),
  ];
  process.env = { PATH: before['PATH'], ...environment };
  process.exitCode = undefined;
  try {
    return { code: await run(['node', 'wabridge', ...args]), ...written };
  } finally {
    process.exitCode = undefined;
    process.env = before;
    process.umask(umask);
    for (const spy of spies) spy.mockRestore();
  }
}
