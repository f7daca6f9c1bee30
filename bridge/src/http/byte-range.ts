/** Which part of a file a request asks for (RFC 9110, section 14). A pure decision. */
import type { ByteRange } from '../media/media-store.ts';

interface RangeHeaders {
  readonly range?: string | undefined;
  /** The part is wanted only of the file with this tag; of any other, all of it. */
  readonly 'if-range'?: string | string[] | undefined;
}

/**
 * @param etag of the file, strong, with its quotes
 * @returns `all` if no part is asked for, or in a way that a server may ignore: several parts, or a unit that is not bytes
 */
export function rangeOf(headers: RangeHeaders, sizeBytes: number, etag: string): ByteRange | 'all' | 'unsatisfiable' {
  const condition = headers['if-range'];
  if (headers.range === undefined || (condition !== undefined && condition !== etag)) return 'all';
  const [, first, last] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(headers.range) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'all';
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes);
    if (Number(last) === 0) return 'unsatisfiable';
    // The last bytes of an empty file are all of it, and no range can say so.
    return length === 0 ? 'all' : { start: sizeBytes - length, end: sizeBytes - 1 };
  }
  if (last !== '' && Number(last) < Number(first)) return 'all';
  if (Number(first) >= sizeBytes) return 'unsatisfiable';
  return { start: Number(first), end: Math.min(last === '' ? Infinity : Number(last), sizeBytes - 1) };
}
