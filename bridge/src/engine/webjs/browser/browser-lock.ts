/**
 * What a whole Chromium keeps beside its profile against a second one: three symbolic links in the profile, and a folder
 * in the system's temporary one with the socket that they lead to and a number that both places share. One that is killed
 * leaves all of it behind; the headless shell keeps none.
 */
import { lstat, readlink, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

const SOCKET = 'SingletonSocket';
const COOKIE = 'SingletonCookie';
/** As Chromium and Chrome name the folder; older ones hide it by a dot. */
const FOLDER = /^\.?(org\.chromium\.Chromium|com\.google\.Chrome(\.\w+)?)\.[A-Za-z0-9]{6}$/;

/** @param profile the browser's profile; no browser may be at work in it */
export async function removeBrowserLock(profile: string): Promise<void> {
  const folder = await socketFolder(profile);
  if (folder !== null) await removeSocketFolder(folder);
  await Promise.all(['SingletonLock', COOKIE, SOCKET].map((name) => rm(join(profile, name), { force: true })));
}

/** The folder of this profile's browser; null if there is none, or where the link leads to anything else. */
async function socketFolder(profile: string): Promise<string | null> {
  const [socket, number] = await Promise.all([linkAt(join(profile, SOCKET)), linkAt(join(profile, COOKIE))]);
  if (socket === null || number === null || basename(socket) !== SOCKET) return null;
  const folder = dirname(socket);
  if (dirname(folder) !== tmpdir() || !FOLDER.test(basename(folder))) return null;
  const found = await lstat(folder).catch(() => null);
  if (!found?.isDirectory() || found.uid !== process.getuid?.()) return null;
  return (await linkAt(join(folder, COOKIE))) === number ? folder : null;
}

/** Takes only what Chromium puts there, so that a folder with anything else in it stays. */
async function removeSocketFolder(folder: string): Promise<void> {
  try {
    await Promise.all([SOCKET, COOKIE].map((name) => rm(join(folder, name), { force: true })));
    await rmdir(folder);
  } catch {
    // It is a folder too many in the temporary one, and no reason not to start or stop.
  }
}

const linkAt = (path: string): Promise<string | null> => readlink(path).catch(() => null);
