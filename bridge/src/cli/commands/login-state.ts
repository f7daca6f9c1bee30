import { join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { PROFILES_FOLDER } from '../../config/settings.ts';
import type { LoginPlace } from '../../engine/webjs/login/login-backup.ts';
import { leaf } from '../command.ts';
import type { Context } from '../context.ts';
import { readPassphrase, terminalQuestion } from '../passphrase.ts';

const passphraseFile = (): Option =>
  new Option('--passphrase-file <file>', 'a file that holds the passphrase; asked for on a terminal where not given');

/** Backup and restore of login states, as commands of the group `session`; they work on the data folder, without a bridge. */
export function loginStateCommands(session: Command): void {
  leaf(
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
        `The login state of session ${name} is in ${target}. Whoever has that file and its passphrase is this WhatsApp account.`,
      );
    },
    [passphraseFile()],
  );

  leaf(
    session,
    'restore <name> <file>',
    'put a login state from such a file in place; the session must be stopped, here and where the file was made',
    async (context, [name, file], options) => {
      const passphrase = await passphraseFrom(options, false);
      const { restoreLogin } = await import('../../engine/webjs/login/login-backup.ts');
      const source = resolve(file!);
      const replace = options['replace'] === true;
      const done = await restoreLogin(placeOf(context, name!), source, passphrase, { replace });
      context.output.result(
        { file: source, ...done },
        `Restored as of ${done.createdAt}. Now \`wabridge session start ${name}\` (or \`session add ${name}\` where the bridge does not know it); no code has to be scanned. Do not run it in two places.`,
      );
    },
    [passphraseFile(), new Option('--replace', 'give up the login state that is there')],
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
