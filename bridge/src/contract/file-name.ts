/** Names of files as they are shown and stored. They come from strangers, and go to file systems, terminals and headers. */

/** Control characters, and marks that have no width or turn the direction of what follows ("cod.exe" shown as "exe.doc"). */
const INVISIBLE = /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;
const SEPARATORS = /[/\\]/g;
const MAX_LENGTH = 255;

/**
 * A file name without control characters, path separators and marks that turn the direction of writing.
 *
 * @returns null if nothing is left of it that could name a file
 */
export function safeFileName(name: string): string | null {
  const plain = name
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(INVISIBLE, '')
    .replace(SEPARATORS, '_')
    .trim();
  if (/^\.*$/.test(plain)) return null;
  // Not in the middle of a character.
  return plain.slice(0, MAX_LENGTH).replace(/\p{Surrogate}$/u, '');
}

/** The field of an object that has a file name; none if there is no usable one. */
export function fileNameField(name: string | null | undefined): { readonly fileName?: string } {
  const safe = name == null ? null : safeFileName(name);
  return safe === null ? {} : { fileName: safe };
}
