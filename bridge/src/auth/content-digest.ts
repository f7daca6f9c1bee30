/** Content-Digest (RFC 9530) with SHA-256, the one algorithm wabridge asks for. */
import { createHash } from 'node:crypto';
import { isInnerList, parseDictionary, type Dictionary } from 'structured-headers';
import { WabError } from '../contract/errors.ts';

/** SHA-256 of the bytes, base64. */
export const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('base64');

/** SHA-256 of a body without bytes, base64. */
export const EMPTY_SHA256 = sha256('');

/** @param digest SHA-256 in base64 */
export const contentDigest = (digest: string): string => `sha-256=:${digest}:`;

/**
 * The SHA-256 that a Content-Digest field states, base64. Other algorithms beside it are ignored, as the RFC allows.
 *
 * @throws WabError WAB_SIGNATURE_MALFORMED
 */
export function parseContentDigest(field: string): string {
  let dictionary: Dictionary;
  try {
    dictionary = parseDictionary(field);
  } catch (cause) {
    throw malformed('Content-Digest is not a valid structured field', cause);
  }
  const member = dictionary.get('sha-256');
  if (member === undefined) throw malformed('Content-Digest has no sha-256');
  const value: unknown = isInnerList(member) ? undefined : member[0];
  if (!(value instanceof ArrayBuffer) || value.byteLength !== 32)
    throw malformed('the sha-256 of Content-Digest is not 32 bytes in base64 between colons');
  return Buffer.from(value).toString('base64');
}

const malformed = (reason: string, cause?: unknown): WabError =>
  new WabError('WAB_SIGNATURE_MALFORMED', { reason }, { cause });
