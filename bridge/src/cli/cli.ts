/**
 * The command `wabridge`. Commands that ask for one operation are derived from it (`operations.ts`, `overlays/`); those that
 * do more are in `commands/`, one file per group. `client.ts` signs and sends.
 */
import { Command, CommanderError } from 'commander';
import { WabError } from '../contract/errors.ts';
import { makeFilesPrivate } from '../ops/file-modes.ts';
import { version } from '../version.ts';
import { backupCommands } from './commands/backup.ts';
import { browserCommands } from './commands/browser.ts';
import { configCommand } from './commands/config.ts';
import { databaseCommands } from './commands/database.ts';
import { doctorCommand } from './commands/doctor.ts';
import { mediaCommands } from './commands/media.ts';
import { startCommand } from './commands/start.ts';
import { ArgumentError } from './command.ts';
import { errorLines, isProblem } from './failure.ts';
import { addGroup } from './operations.ts';
import { GROUPS, SINGLE_COMMANDS } from './overlays/overlays.ts';

const COMMANDS = [
  startCommand,
  configCommand,
  doctorCommand,
  browserCommands,
  ...SINGLE_COMMANDS.map(({ add }) => add),
  ...GROUPS.map(addGroup),
  backupCommands,
  mediaCommands,
  databaseCommands,
];

/** Every command, ready to parse a command line; ends by throwing where it is not understood. */
export function createProgram(): Command {
  const program = new Command('wabridge')
    .description('WhatsApp sessions behind a durable event log, a stream and a durable outbox')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(add --help to see the arguments and options)');
  for (const add of COMMANDS) add(program);
  inherit(program);
  return program;
}

/**
 * Runs a command line.
 *
 * @param argv as in process.argv
 * @returns the exit code: 0 done, 1 failed, 2 not understood
 */
export async function run(argv: readonly string[]): Promise<number> {
  makeFilesPrivate();
  const program = createProgram();
  try {
    await program.parseAsync([...argv]);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`${errorLines(error, argv.includes('--json'), hintFor(error))}\n`);
    if (error instanceof ArgumentError) return 2;
    if (!(error instanceof WabError) && process.env['DEBUG']) process.stderr.write(`${(error as Error).stack}\n`);
    return 1;
  }
}

/** What helps on this machine alone, where the bridge refuses the operator's own key. */
function hintFor(error: unknown): string {
  const refused = isProblem(error, 'WAB_KEY_REVOKED') || isProblem(error, 'WAB_KEY_UNKNOWN');
  if (!refused || process.env['WABRIDGE_KEY']) return '';
  return ' This command signs with the operator key: make a new one with `wabridge key recover` while the bridge is stopped.';
}

/** Subcommands end by throwing too, so that `run` decides on the exit code. */
function inherit(command: Command): void {
  for (const child of command.commands) {
    child.exitOverride();
    child.showHelpAfterError('(add --help to see the arguments and options)');
    inherit(child);
  }
}
