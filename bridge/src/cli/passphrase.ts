/** Where the passphrase of a backup comes from: a file, the environment or the terminal; never an argument, which others can see. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { WabError } from '../contract/errors.ts';

/** Of a passphrase that is chosen now; a login state is worth guessing at. */
const LEAST_LENGTH = 12;

export interface PassphraseSources {
  /** The option --passphrase-file. */
  readonly file: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  /** Asks a person without showing the answer; null if there is no terminal. */
  readonly ask: ((question: string) => Promise<string>) | null;
}

/**
 * @param chosenNow whether it is being chosen: then it is asked for twice, and has to be long enough
 * @throws WabError WAB_PASSPHRASE_MISSING
 */
export async function readPassphrase(sources: PassphraseSources, chosenNow: boolean): Promise<string> {
  const passphrase = await given(sources, chosenNow);
  const missing = (reason: string): WabError => new WabError('WAB_PASSPHRASE_MISSING', { reason });
  if (passphrase === '') throw missing('the passphrase is empty');
  if (chosenNow && passphrase.length < LEAST_LENGTH)
    throw missing(`the passphrase has fewer than ${LEAST_LENGTH} characters`);
  return passphrase;
}

async function given({ file, environment, ask }: PassphraseSources, chosenNow: boolean): Promise<string> {
  const missing = (reason: string): WabError => new WabError('WAB_PASSPHRASE_MISSING', { reason });
  if (file !== undefined) {
    try {
      // Editors end a file with a line break; it is not part of the passphrase.
      return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      throw missing(`the file ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
  }
  const stated = environment['WABRIDGE_PASSPHRASE'];
  if (stated !== undefined) return stated;
  if (ask === null) throw missing('no passphrase was given');
  const first = await ask('Passphrase: ');
  if (chosenNow && (await ask('Repeat the passphrase: ')) !== first) throw missing('the two passphrases are different');
  return first;
}

/** Asks on the terminal, or null if there is none. */
export function terminalQuestion(): PassphraseSources['ask'] {
  if (!process.stdin.isTTY) return null;
  return async (question) => {
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
    const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
    // Only now does the terminal show nothing of what is typed.
    process.stderr.write(question);
    const leaving = new AbortController();
    for (const event of ['SIGINT', 'close'] as const) lines.once(event, () => leaving.abort());
    try {
      return await lines.question('', { signal: leaving.signal });
    } catch (error) {
      if (!leaving.signal.aborted) throw error;
      throw new WabError('WAB_PASSPHRASE_MISSING', { reason: 'no passphrase was typed' });
    } finally {
      lines.close();
      process.stderr.write('\n');
    }
  };
}
