/** The names under which a store keeps what belongs to a session. They become parts of paths. */
import { SESSION_NAME_PATTERN } from '../contract/ids.ts';

/** How the name of an archive ends. */
export const ARCHIVE = '.login';
const ID = /^[A-Za-z0-9-]{1,100}$/;
const SESSION = new RegExp(SESSION_NAME_PATTERN);

/** @throws Error if it is not an id */
export function requireArchiveId(id: string): string {
  if (!ID.test(id)) throw new Error('this is not a valid archive id');
  return id;
}

/** @throws Error if it is not a session's name */
export function requireSession(session: string): string {
  if (!SESSION.test(session)) throw new Error('this is not a valid session name');
  return session;
}

/** The id in the name of an archive; null for other names. */
export function archiveIdOf(name: string): string | null {
  const id = name.endsWith(ARCHIVE) ? name.slice(0, -ARCHIVE.length) : '';
  return ID.test(id) ? id : null;
}
