import type { Command } from 'commander';
import { restoreEpoch } from '../../store/epoch.ts';
import { addCommand } from '../command.ts';
import { withDatabase } from '../with-database.ts';

export function databaseCommands(program: Command): void {
  const database = program.command('database').description('the database itself; the bridge must be stopped');
  addCommand(
    database,
    'restored',
    'run this once after restoring PostgreSQL from a backup: subscribers are told that later events are gone',
    async (context) => {
      const { setEpoch } = await import('../../store/events.repository.ts');
      const epoch = restoreEpoch(Date.now());
      await withDatabase(context, (open) => open.write(setEpoch({ epoch })));
      context.output.result(
        { epoch },
        [
          'When subscribers next connect, they are told that everything recorded after the backup is gone.',
          'The keys are those of the backup: a key that was revoked since then is valid again. Check `wabridge key list`.',
          'Requests signed before now are refused.',
        ].join('\n'),
      );
    },
  );
}
