/** `wabridge doctor --live`, with a person beside it who does what it asks for. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LiveReport } from '../../../bridge/src/cli/live/report.ts';
import { runHere } from './cli-here.ts';
import { CLEAN_ENVIRONMENT } from './cli-process.ts';
import type { Result } from './cli-result.ts';

const COMMAND = fileURLToPath(new URL('../../../bridge/bin/wabridge.mjs', import.meta.url));

interface Place {
  readonly url: string;
  readonly dataDir: string;
}

/** Called each time the command asks for a message, with the text to write. */
type Write = (text: string, time: number) => unknown;

const commandLine = ({ url, dataDir }: Place, args: readonly string[]): string[] => [
  ...['doctor', '--live', ...args],
  ...['--url', url, '--data-dir', dataDir],
];

/** Reads what the command says on stderr, and writes what it asks for. @returns to be given all that it has said so far */
function person(write: Write): (err: string) => void {
  let asked = 0;
  return (err) => {
    const codes = [...err.matchAll(/: (wabridge \d{4})\n/g)].map(([, text]) => text ?? '');
    for (const text of codes.slice(asked)) {
      asked += 1;
      // What goes wrong with the person shows as a check that failed.
      void Promise.resolve(write(text, asked)).catch((error: unknown) => process.stderr.write(String(error)));
    }
  };
}

/** As a process. */
export function doctorLive(place: Place, args: readonly string[], write: Write = () => undefined): Promise<Result> {
  const child = spawn(process.execPath, [COMMAND, ...commandLine(place, args)], {
    env: { ...CLEAN_ENVIRONMENT, NODE_NO_WARNINGS: '1' },
  });
  let out = '';
  let err = '';
  const heard = person(write);
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => heard((err += chunk.toString())));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

/** In this process. */
export const doctorLiveHere = (
  place: Place,
  args: readonly string[],
  write: Write = () => undefined,
): Promise<Result> => runHere(commandLine(place, args), {}, person(write));

/** State of each check by its name. */
export const statesOf = (out: string): Record<string, string> =>
  Object.fromEntries((JSON.parse(out) as LiveReport).checks.map(({ check, state }) => [check, state]));
