/** Databases for commands that work on them while no bridge does. */
import { dirname, resolve } from 'node:path';
import { FolderLock } from '../sqlite/folder-lock.ts';
import { SqliteCopySide } from '../sqlite/sqlite-copy-side.ts';
import type { CopySide } from './copy-side.ts';

/** A file of SQLite (absolute), or the URL of a PostgreSQL database. */
export type DatabasePlace = { readonly file: string } | { readonly url: string };

/** For people: no credentials. */
export async function nameOf(place: DatabasePlace): Promise<string> {
  if ('file' in place) return `SQLite in ${place.file}`;
  const { describeServer } = await import('../postgres/connection-settings.ts');
  return `PostgreSQL at ${describeServer(place.url)}`;
}

/**
 * Locks the data folder and the databases, opens them for the work, and closes them. A file that is missing is made.
 *
 * @throws WabError WAB_DATABASE_LOCKED or WAB_DATABASE_IN_USE while a bridge runs, WAB_DATABASE_UNUSABLE,
 *   WAB_DATABASE_NOT_EMPTY
 */
export async function withDatabases<R>(
  dataDir: string,
  places: readonly DatabasePlace[],
  work: (...sides: CopySide[]) => Promise<R>,
): Promise<R> {
  const closers: (() => void | Promise<void>)[] = [];
  try {
    // A bridge that keeps everything in PostgreSQL locks its data folder all the same.
    const folders = [dataDir, ...places.flatMap((place) => ('file' in place ? [dirname(place.file)] : []))];
    for (const folder of new Set(folders.map((folder) => resolve(folder)))) {
      const lock = FolderLock.acquire(folder);
      closers.push(() => lock.release());
    }
    const sides: CopySide[] = [];
    for (const place of places) {
      const side = await open(place);
      closers.push(() => side.close());
      sides.push(side);
    }
    return await work(...sides);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function open(place: DatabasePlace): Promise<CopySide> {
  const name = await nameOf(place);
  if ('file' in place) return SqliteCopySide.open(place.file, name);
  // Loaded only where it is wanted.
  const { PostgresCopySide } = await import('../postgres/postgres-copy-side.ts');
  return PostgresCopySide.open(place.url, name);
}
