/** Commands with the options that every one of them takes, so that `wabridge session list --json` reads naturally. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { DEFAULT_LIST_LIMIT } from '../contract/defaults.ts';
import { Context } from './context.ts';

type Run = (
  context: Context,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
) => Promise<void> | void;

/**
 * Adds a command to a group.
 *
 * @param usage name and arguments, as commander writes them
 */
export function addCommand(
  parent: Command,
  usage: string,
  description: string,
  run: Run,
  options: readonly Option[] = [],
): Command {
  const command = parent.command(usage).description(description);
  for (const option of options) command.addOption(option);
  return command
    .option('--json', 'print JSON')
    .option('--data-dir <folder>', 'the data folder of the bridge')
    .option('--config <file>', 'the settings file')
    .option('--url <url>', 'the URL of the bridge')
    .action(async () => {
      const given = command.opts<Record<string, unknown>>();
      await run(
        new Context(given),
        command.processedArgs.flat().filter((arg): arg is string => arg !== undefined),
        given,
      );
    });
}

/** What was written on the command line means nothing, or too much; a sentence that says what to write. Exit code 2. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
}

/** An option that takes a whole number. */
export function wholeNumber(flags: string, description: string, minimum: number, maximum: number): Option {
  return new Option(flags, description).argParser((text: string) => {
    const value = Number(text);
    if (!/^\d{1,15}$/.test(text) || value < minimum || value > maximum)
      throw new InvalidArgumentError(`Use a whole number from ${minimum} to ${maximum}.`);
    return value;
  });
}

/** Flags and help of the option of commands that list what the bridge has, newest first. */
export const LIMIT = ['--limit <count>', `maximum number to list (default ${DEFAULT_LIST_LIMIT})`] as const;

/** An option that takes a comma-separated list. */
export const listOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );
