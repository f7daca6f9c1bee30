/** What a command of the terminal is made of. */
import type { Standin } from '../server.ts';
import type { Words } from './words.ts';

export interface Context {
  readonly standin: Standin;
  readonly words: Words;
  readonly print: (line: string) => void;
}

export interface Command {
  /** What is typed after the name, as the help shows it. */
  readonly usage: string;
  readonly help: string;
  run(context: Context, words: readonly string[]): void | Promise<void>;
}

export type Commands = Readonly<Record<string, Command>>;
