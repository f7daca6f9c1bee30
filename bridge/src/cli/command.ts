/** Commands with the options that every one of them takes, so that `wabridge session list --json` reads naturally. */
import { InvalidArgumentError, Option, type Argument, type Command } from 'commander';
import { Context } from './context.ts';

type Run = (
  context: Context,
  args: readonly string[],
  options: Readonly<Record<string, unknown>>,
) => Promise<void> | void;

/**
 * Adds a command to a group.
 *
 * @param usage      name and arguments, as commander writes them
 * @param positional arguments with a description, if the usage has none
 */
export function addCommand(
  parent: Command,
  usage: string,
  description: string,
  run: Run,
  options: readonly Option[] = [],
  positional: readonly Argument[] = [],
): Command {
  const command = parent.command(usage).description(description);
  for (const argument of positional) command.addArgument(argument);
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

/** An option that takes a comma-separated list. */
export const listOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );
