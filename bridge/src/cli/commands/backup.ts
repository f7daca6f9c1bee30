import { resolve } from 'node:path';
import type { Command } from 'commander';
import { explained } from '../../ops/failure-cause.ts';
import { restoreBackup, writeBackup } from '../../store/sqlite/backup.ts';
import { requireDatabase } from '../context.ts';
import { leaf } from '../command.ts';

export function backupCommands(program: Command): void {
  leaf(
    program,
    'backup <file>',
    'write a consistent copy of the database to a new file, while the bridge runs',
    async (context, [name]) => {
      const file = resolve(name!);
      const { dataDir } = context.settings;
      const source = requireDatabase(dataDir);
      await explained({ path: dataDir }, () => writeBackup(source, file));
      context.output.result(
        { file },
        `Backed up to ${file}. Media files are a folder of ${dataDir}, to be copied; login states are backed up with \`wabridge session backup\`.`,
      );
    },
  );

  leaf(
    program,
    'restore <file>',
    'put a backup in the place of the database; the bridge must be stopped',
    async (context, [name]) => {
      const file = resolve(name!);
      const { dataDir } = context.settings;
      const { epoch } = await explained({ path: dataDir }, () => restoreBackup(file, dataDir));
      context.output.result(
        { file, epoch },
        [
          `Restored from ${file}. Subscribers learn at their next connection that what was recorded after the backup is gone.`,
          'Keys are those of the backup: one that was revoked since is valid again, and one that was issued since is unknown. Look at `wabridge key list`, and revoke again.',
          'Requests that were signed before the restore are refused.',
        ].join('\n'),
      );
    },
  );
}
