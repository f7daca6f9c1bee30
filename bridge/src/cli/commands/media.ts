import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { mediaLocationOf } from '../../config/store-locations.ts';
import { parseStoreUrl, type StoreLocation } from '../../config/store-url.ts';
import { systemClock } from '../../ops/clock.ts';
import { explained } from '../../ops/failure-cause.ts';
import { ArgumentError, addCommand } from '../command.ts';
import { progressNotes } from '../progress-notes.ts';

/** Commands of the group `media`, which work on the media stores themselves, without a bridge. */
export function mediaCommands(program: Command): void {
  const media = program.command('media').description('media files');
  addCommand(
    media,
    'copy',
    'copy all media files from the store of the settings into another one; what is there already is skipped, so it can be repeated; the bridge can keep running',
    async (context, _args, options) => {
      const { dataDir } = context.settings;
      const from = mediaLocationOf(context.settings);
      const to = targetOf(options['to'] as string);
      if (JSON.stringify(from) === JSON.stringify(to)) throw new ArgumentError('Source and target are the same.');
      const done = await explained({ path: dataDir }, () => copyBetween(from, to, (text) => context.output.note(text)));
      context.output.result(
        done,
        `Copied ${done.copied} files (${done.copiedBytes} bytes); ${done.skipped} were there already. To change over, stop the bridge, run this once more, set WABRIDGE_MEDIA_URL, and start it.`,
      );
    },
    [
      new Option(
        '--to <url>',
        'the other store, as WABRIDGE_MEDIA_URL names it: s3://bucket/prefix?…, or file:///folder',
      ).makeOptionMandatory(),
    ],
  );
}

function targetOf(url: string): StoreLocation {
  try {
    return parseStoreUrl(url);
  } catch (error) {
    throw new ArgumentError(`--to cannot be used. ${(error as Error).message}`);
  }
}

async function copyBetween(from: StoreLocation, to: StoreLocation, note: (text: string) => void) {
  // Loaded only now: no other command needs a store.
  const [{ openMediaStore }, { copyMedia }] = await Promise.all([
    import('../../compose/media-store.ts'),
    import('../../media/copy-media.ts'),
  ]);
  // The folders of the bridge, which may be running, are its own.
  const folder = await mkdtemp(join(tmpdir(), 'wabridge-copy-'));
  const source = await openMediaStore(from, join(folder, 'from'), systemClock, 0);
  const target = await openMediaStore(to, join(folder, 'to'), systemClock, 0);
  const noteNow = progressNotes(note);
  try {
    return await copyMedia(source, target, ({ copied, copiedBytes, skipped }) =>
      noteNow(() => `${copied} copied (${copiedBytes} bytes), ${skipped} were there already`),
    );
  } finally {
    await source.stop();
    await target.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
