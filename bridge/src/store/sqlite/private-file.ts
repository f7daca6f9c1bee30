/**
 * SQLite makes a database with the mode that the umask leaves, and its `-wal` and `-shm` with the mode of the database.
 * So the database file is there, and private, before SQLite sees it.
 */
import { closeSync, constants, fchmodSync, openSync, readSync, writeSync } from 'node:fs';
import { PRIVATE_FILE } from '../../ops/file-modes.ts';

const COPY_BYTES = 1024 * 1024;

/** Makes an empty file if there is none, and takes the rights of others away where an older version left them. */
export function ensurePrivateFile(file: string): void {
  const descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT, PRIVATE_FILE);
  try {
    fchmodSync(descriptor, PRIVATE_FILE);
  } catch {
    // A file of another user, or a file system without modes: `doctor` names a folder that is open to others.
  } finally {
    closeSync(descriptor);
  }
}

/** Copies a file without its mode, which `copyFile` would take along. @throws where `to` exists */
export function copyPrivately(from: string, to: string): void {
  const source = openSync(from, 'r');
  try {
    const target = openSync(to, 'wx', PRIVATE_FILE);
    try {
      const buffer = Buffer.allocUnsafe(COPY_BYTES);
      for (let read = readSync(source, buffer); read > 0; read = readSync(source, buffer)) {
        for (let written = 0; written < read;) written += writeSync(target, buffer, written, read - written);
      }
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}
