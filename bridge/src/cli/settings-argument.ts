/** What an engine needs to know of a session, from a file: secrets on a command line could be seen by other users. */
import { readFileSync } from 'node:fs';
import type { SessionSettings } from '../contract/fields.ts';
import { ArgumentError } from './command.ts';

/**
 * @param file with a JSON object; `-` for standard input
 * @throws ArgumentError, which repeats nothing of the content
 */
export function settingsFrom(file: string): SessionSettings {
  const settings = parsed(contentOf(file));
  if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return settings as SessionSettings;
  throw new ArgumentError(`${file === '-' ? 'The standard input' : file} is not a JSON object.`);
}

function contentOf(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new ArgumentError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
