/**
 * Encryption of a stream: AES-256-GCM over chunks of equal size (the STREAM construction of Hoang, Reyhanitabar, Rogaway
 * and Vizár, 2015, as age uses it). Each chunk's nonce holds its number and whether it is the last, so chunks cannot be
 * changed, moved, left out, cut off or added. A nonce never repeats under a key, since every file has its own salt.
 */
import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto';
import type { KeyDerivation } from './head.ts';

const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const KEY_BYTES = 32;

export interface Keys {
  readonly seal: Buffer;
  readonly mac: Buffer;
}

/** Two independent keys. The passphrase is normalised, so that it does not matter on which keyboard it was typed. */
export function deriveKeys(passphrase: string, { N, r, p, salt }: KeyDerivation): Promise<Keys> {
  const options = { N, r, p, maxmem: 128 * N * r * 2 };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), Buffer.from(salt, 'base64url'), 2 * KEY_BYTES, options, (error, key) => {
      if (error) reject(error);
      else resolve({ seal: key.subarray(0, KEY_BYTES), mac: key.subarray(KEY_BYTES) });
    });
  });
}

type Transform = (source: AsyncIterable<Buffer>) => AsyncGenerator<Buffer, void, undefined>;

/** Plain bytes in, sealed chunks out. */
export const sealChunks = (key: Buffer, chunkBytes: number): Transform =>
  async function* (source) {
    for await (const { block, last, number } of inBlocks(source, chunkBytes)) {
      const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number, last));
      yield Buffer.concat([cipher.update(block), cipher.final(), cipher.getAuthTag()]);
    }
  };

/** Sealed chunks in, plain bytes out; each only once it has proven whole. @throws Error if one has not */
export const openChunks = (key: Buffer, chunkBytes: number): Transform =>
  async function* (source) {
    for await (const { block, last, number } of inBlocks(source, chunkBytes + TAG_BYTES)) {
      if (block.length < TAG_BYTES) throw new Error('the last chunk is cut off');
      const end = block.length - TAG_BYTES;
      const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number, last), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(block.subarray(end));
      yield Buffer.concat([decipher.update(block.subarray(0, end)), decipher.final()]);
    }
  };

function nonceOf(number: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUIntBE(number, NONCE_BYTES - 7, 6);
  nonce.writeUInt8(last ? 1 : 0, NONCE_BYTES - 1);
  return nonce;
}

/** Cuts a stream into blocks of one size; the last may be shorter, and there always is one. */
async function* inBlocks(
  source: AsyncIterable<Buffer>,
  size: number,
): AsyncGenerator<{ block: Buffer; last: boolean; number: number }> {
  let rest = Buffer.alloc(0);
  let number = 0;
  for await (const part of source) {
    rest = rest.length === 0 ? Buffer.from(part) : Buffer.concat([rest, part]);
    // A full block waits for the next byte, which decides whether it is the last.
    for (; rest.length > size; rest = rest.subarray(size))
      yield { block: rest.subarray(0, size), last: false, number: number++ };
  }
  yield { block: rest, last: true, number };
}
