import { resolve } from 'node:path';
import type { Command } from 'commander';
import { mediaLocationOf } from '../../config/store-locations.ts';
import { placeOf } from '../../config/store-url.ts';
import { explained } from '../../ops/failure-cause.ts';
import type { Settings } from '../../config/settings.ts';
import { WabError } from '../../contract/errors.ts';
import { requireDatabase } from '../context.ts';
import { addCommand } from '../command.ts';

export function backupCommands(program: Command): void {
  addCommand(
    program,
    'backup <file>',
    'write a consistent copy of the database to a new file; the bridge can keep running',
    async (context, [name]) => {
      const file = resolve(name!);
      const { dataDir } = context.settings;
      refuseOnServer(context.settings, 'pg_dump');
      const source = requireDatabase(dataDir);
      // Loaded only now, as in `restore`: no other command needs the database.
      const { writeBackup } = await import('../../store/sqlite/backup.ts');
      await explained({ path: dataDir }, () => writeBackup(source, file));
      context.output.result(
        { file },
        `Backed up to ${file}. Media files are in ${placeOf(mediaLocationOf(context.settings))}; back them up separately. Back up login states with \`wabridge session backup\`.`,
      );
    },
  );

  addCommand(
    program,
    'restore <file>',
    'replace the database with a backup; the bridge must be stopped',
    async (context, [name]) => {
      const file = resolve(name!);
      const { dataDir } = context.settings;
      refuseOnServer(context.settings, 'pg_restore, and afterwards `wabridge database restored`');
      const { restoreBackup } = await import('../../store/sqlite/backup.ts');
      const { epoch } = await explained({ path: dataDir }, () => restoreBackup(file, dataDir));
      context.output.result(
        { file, epoch },
        [
          `Restored from ${file}. When subscribers next connect, they are told that everything recorded after the backup is gone.`,
          'The keys are those of the backup: a key that was revoked since then is valid again, and a key that was issued since then is unknown. Check `wabridge key list`, and revoke keys again where needed.',
          'Requests signed before the restore are refused.',
        ].join('\n'),
      );
    },
  );
}

/** @throws WabError WAB_BACKUP_BY_SERVER */
function refuseOnServer({ databaseUrl }: Settings, tool: string): void {
  if (databaseUrl !== undefined) throw new WabError('WAB_BACKUP_BY_SERVER', { tool });
}
