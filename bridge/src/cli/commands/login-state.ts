import { join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { PROFILES_FOLDER } from '../../config/settings.ts';
import type { LoginPlace } from '../../engine/webjs/login/login-backup.ts';
import { addCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { readPassphrase, terminalQuestion } from '../passphrase.ts';

const passphraseFile = (): Option =>
  new Option('--passphrase-file <file>', 'file with the passphrase (default: ask in the terminal)');

/** Backup and restore of login states, as commands of the group `session`; they work on the data folder, without a bridge. */
export function loginStateCommands(session: Command): void {
  addCommand(
    session,
    'backup <name> <file>',
    'write the login state of a stopped session into an encrypted file',
    async (context, [name, file], options) => {
      const passphrase = await passphraseFrom(options, true);
      const { backupLogin } = await import('../../engine/webjs/login/login-backup.ts');
      const target = resolve(file!);
      const done = await backupLogin(placeOf(context, name!), target, passphrase);
      context.output.result(
        { file: target, ...done },
        `The login state of session ${name} is in ${target}. Anyone with that file and its passphrase can act as this WhatsApp account.`,
      );
    },
    [passphraseFile()],
  );

  addCommand(
    session,
    'restore <name> <file>',
    'restore a login state from such a file; the session must be stopped, both here and where the file was made',
    async (context, [name, file], options) => {
      const passphrase = await passphraseFrom(options, false);
      const { restoreLogin } = await import('../../engine/webjs/login/login-backup.ts');
      const source = resolve(file!);
      const replace = options['replace'] === true;
      const done = await restoreLogin(placeOf(context, name!), source, passphrase, { replace });
      context.output.result(
        { file: source, ...done },
        `Restored as of ${done.createdAt}. Now run \`wabridge session start ${name}\` (or \`session add ${name}\` if this bridge does not have the session); you do not need to scan a code. Do not run the session in two places.`,
      );
    },
    [passphraseFile(), new Option('--replace', 'discard the existing login state')],
  );
}

const passphraseFrom = (options: Readonly<Record<string, unknown>>, chosenNow: boolean): Promise<string> =>
  readPassphrase(
    {
      file: options['passphraseFile'] as string | undefined,
      environment: process.env,
      ask: terminalQuestion(),
    },
    chosenNow,
  );

const placeOf = (context: Context, session: string): LoginPlace => ({
  profilesDir: join(context.settings.dataDir, PROFILES_FOLDER),
  session,
});
