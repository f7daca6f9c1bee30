/** The readable beginning of an archive: what it is, whose, and how its key follows from the passphrase. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { open } from 'node:fs/promises';
import Type, { type Static } from 'typebox';
import { SESSION_NAME_PATTERN } from '../../contract/ids.ts';
import { object } from '../../contract/schema.ts';
import { validatorOf } from '../../contract/validator.ts';

const FORMAT = 1;
const MAGIC = Buffer.from('WABLOGIN', 'latin1');
const LENGTH_BYTES = 4;
const MAC_BYTES = 32;
const MOST_HEAD_BYTES = 4096;
const CHUNK_BYTES = 64 * 1024;

/** The upper limits keep a forged file from taking the machine's memory before its falseness shows. */
const Scrypt = object({
  name: Type.Literal('scrypt'),
  /** A power of two; memory is 128 · N · r bytes. */
  N: Type.Integer({ minimum: 2, maximum: 2 ** 20 }),
  r: Type.Integer({ minimum: 1, maximum: 8 }),
  p: Type.Integer({ minimum: 1, maximum: 4 }),
  salt: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: '32 bytes, base64url' }),
});
const Head = object({
  format: Type.Literal(FORMAT),
  session: Type.String({ pattern: SESSION_NAME_PATTERN }),
  createdAt: Type.String({ pattern: '^[0-9T:.Z-]{1,30}$' }),
  cipher: Type.Literal('aes-256-gcm'),
  chunkBytes: Type.Integer({ minimum: 1, maximum: 2 ** 20 }),
  kdf: Scrypt,
});
export type Head = Static<typeof Head>;
export type KeyDerivation = Head['kdf'];
export type ScryptCost = Pick<KeyDerivation, 'N' | 'r' | 'p'>;
const headValidator = validatorOf(Head);

/** 128 MiB and some tenths of a second for each guess. */
const COST: ScryptCost = { N: 2 ** 17, r: 8, p: 1 };

export function newHead(session: string, cost: ScryptCost = COST): Head {
  return {
    format: FORMAT,
    session,
    createdAt: new Date().toISOString(),
    cipher: 'aes-256-gcm',
    chunkBytes: CHUNK_BYTES,
    kdf: { name: 'scrypt', N: cost.N, r: cost.r, p: cost.p, salt: randomBytes(32).toString('base64url') },
  };
}

/** The head as it stands in the file, with the proof that its writer had the passphrase. */
export function encodeHead(head: Head, macKey: Buffer): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(json.length);
  const authenticated = Buffer.concat([MAGIC, length, json]);
  return Buffer.concat([authenticated, macOf(macKey, authenticated)]);
}

export type ReadHead =
  | {
      readonly ok: true;
      readonly head: Head;
      /** Where the chunks begin. */
      readonly bodyAt: number;
      /** Whether the head was written by somebody with this key. */
      readonly isAuthentic: (macKey: Buffer) => boolean;
    }
  | { readonly ok: false; readonly reason: string };

/** Reads the head of a file that may be anything. @throws what opening and reading the file throws */
export async function readHead(file: string): Promise<ReadHead> {
  const refused = (reason: string): ReadHead => ({ ok: false, reason });
  const start = await firstBytes(file, MAGIC.length + LENGTH_BYTES + MOST_HEAD_BYTES + MAC_BYTES);
  const jsonAt = MAGIC.length + LENGTH_BYTES;
  if (start.length < jsonAt || !start.subarray(0, MAGIC.length).equals(MAGIC))
    return refused('it is not a backup of a login state');
  const length = start.readUInt32BE(MAGIC.length);
  const bodyAt = jsonAt + length + MAC_BYTES;
  if (length > MOST_HEAD_BYTES || start.length < bodyAt) return refused('it was changed, cut off or damaged');
  const head = parse(start.subarray(jsonAt, jsonAt + length));
  const format = (head as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format !== FORMAT)
    return refused(`it has format ${format}, but this version of wabridge reads format ${FORMAT}`);
  if (!headValidator().Check(head) || !isPowerOfTwo(head.kdf.N)) return refused('it was changed, cut off or damaged');
  const authenticated = start.subarray(0, jsonAt + length);
  const mac = start.subarray(jsonAt + length, bodyAt);
  return { ok: true, head, bodyAt, isAuthentic: (key) => timingSafeEqual(macOf(key, authenticated), mac) };
}

const macOf = (key: Buffer, bytes: Buffer): Buffer => createHmac('sha256', key).update(bytes).digest();
const isPowerOfTwo = (value: number): boolean => Number.isInteger(Math.log2(value));

async function firstBytes(file: string, most: number): Promise<Buffer> {
  const source = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await source.read(Buffer.alloc(most), 0, most, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await source.close();
  }
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}
