/** `wabridge doctor --live` as a process, with a person beside it who does what it asks for. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LiveReport } from '../../../bridge/src/cli/live/report.ts';
import { CLEAN_ENVIRONMENT } from './cli-process.ts';

const COMMAND = fileURLToPath(new URL('../../../bridge/bin/wabridge.mjs', import.meta.url));

export interface Checked {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * @param write called each time the command asks for a message, with the text to write
 */
export function doctorLive(
  { url, dataDir }: { readonly url: string; readonly dataDir: string },
  args: readonly string[],
  write: (text: string, time: number) => unknown = () => undefined,
): Promise<Checked> {
  const child = spawn(process.execPath, [COMMAND, 'doctor', '--live', ...args, '--url', url, '--data-dir', dataDir], {
    env: { ...CLEAN_ENVIRONMENT, NODE_NO_WARNINGS: '1' },
  });
  let out = '';
  let err = '';
  let asked = 0;
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
    const codes = [...err.matchAll(/: (wabridge \d{4})\n/g)].map(([, text]) => text ?? '');
    for (const text of codes.slice(asked)) {
      asked += 1;
      // What goes wrong with the person shows as a check that failed.
      void Promise.resolve(write(text, asked)).catch((error: unknown) => (err += String(error)));
    }
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

/** State of each check by its name. */
export const statesOf = (out: string): Record<string, string> =>
  Object.fromEntries((JSON.parse(out) as LiveReport).checks.map(({ check, state }) => [check, state]));
