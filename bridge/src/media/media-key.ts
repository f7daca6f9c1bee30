/** Names of stored files. */
const KEY = /^[A-Za-z0-9_-]{2,128}$/;

/** Whether a store may have a file under this key. */
export const isMediaKey = (key: string): boolean => KEY.test(key);

/** @throws Error if the key could lead out of the store */
export function requireMediaKey(key: string): string {
  if (!isMediaKey(key)) throw new Error('A media key has a character that is not allowed');
  return key;
}
