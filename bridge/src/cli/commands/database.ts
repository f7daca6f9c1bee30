import { dirname } from 'node:path';
import { Option, type Command } from 'commander';
import { explained } from '../../ops/failure-cause.ts';
import type { DatabasePlace } from '../../store/copy/with-databases.ts';
import { restoreEpoch } from '../../store/epoch.ts';
import { ArgumentError, addCommand } from '../command.ts';
import { requireDatabase, type Context } from '../context.ts';
import { placeOf, targetOf } from '../database-place.ts';
import { progressNotes } from '../progress-notes.ts';
import { withDatabase } from '../with-database.ts';

export function databaseCommands(program: Command): void {
  const database = program.command('database').description('the database itself; the bridge must be stopped');
  addCommand(
    database,
    'copy',
    'copy everything from the database of the settings into another, empty one, and compare them; a copy that was interrupted continues when it is run again',
    async (context, _args, options) => copy(context, targetOf(options['to'] as string, context.settings)),
    [
      new Option(
        '--to <url>',
        'postgres://user:password@host:5432/name, or sqlite for the file in the data folder (sqlite:<path> for another)',
      ).makeOptionMandatory(),
    ],
  );
  addCommand(
    database,
    'reopen',
    'use a database again that was copied into another one, which must not be used any more then; subscribers are told that what happened in the other one is gone',
    (context, _args, options) => reopen(context, options['unused'] === true),
    [new Option('--unused', 'no bridge has ever used the other one, so there is nothing to tell')],
  );
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

async function copy(context: Context, to: DatabasePlace): Promise<void> {
  const { dataDir } = context.settings;
  const from = source(context);
  // Loaded only now: no other command needs it.
  const [{ copyDatabase }, { nameOf, withDatabases }] = await Promise.all([
    import('../../store/copy/copy-database.ts'),
    import('../../store/copy/with-databases.ts'),
  ]);
  const [sourceName, targetName] = [await nameOf(from), await nameOf(to)];
  if (sourceName === targetName) throw new ArgumentError('Source and target are the same database.');
  context.output.note(`Copying from ${sourceName} to ${targetName}`);
  const note = progressNotes((text) => context.output.note(text));
  const tables = await explained({ path: 'file' in to ? dirname(to.file) : dataDir }, () =>
    withDatabases(dataDir, [from, to], (source, target) =>
      copyDatabase(source, target, ({ phase, table, rows, total }) =>
        note(() => `${table}: ${rows} of ${total} rows ${phase}`),
      ),
    ),
  );
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  context.output.result(
    { from: sourceName, to: targetName, rows, tables },
    [
      `Copied ${rows} rows of ${tables.length} tables, and compared them: both databases have the same content.`,
      `To change over, ${changeOver(to)}, and start the bridge. Keep the data folder: keys, login states and media files are there.`,
      'A bridge no longer starts on the old database, so that no message is sent twice. To go back to it instead, run `wabridge database reopen` with the old settings.',
    ].join('\n'),
  );
}

const changeOver = (to: DatabasePlace): string =>
  'url' in to ? 'set WABRIDGE_DATABASE_URL to the URL of the target' : 'unset WABRIDGE_DATABASE_URL';

/** The database of the settings, which must be there. */
function source({ settings }: Context): DatabasePlace {
  const place = placeOf(settings);
  if ('file' in place) requireDatabase(settings.dataDir);
  return place;
}

async function reopen(context: Context, isUnused: boolean): Promise<void> {
  const { dataDir } = context.settings;
  const place = source(context);
  const [{ reopenDatabase }, { withDatabases }] = await Promise.all([
    import('../../store/copy/copy-mark.ts'),
    import('../../store/copy/with-databases.ts'),
  ]);
  // A bridge may have given out positions in the other one, which this one gives out again.
  const epoch = isUnused ? null : restoreEpoch(Date.now());
  const peer = await explained({ path: dataDir }, () =>
    withDatabases(dataDir, [place], (side) => reopenDatabase(side, side.name, epoch)),
  );
  context.output.result(
    { reopened: peer !== null },
    peer === null
      ? 'This database was not copied elsewhere; there was nothing to do.'
      : `A bridge can use this database again. Never start one on its copy (${peer}) from now on: queued messages would be sent twice.`,
  );
}
