/** Small files to send, different each time, so that what comes back cannot be what went out another time. */
import { createHash, randomBytes } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';

export interface SampleFile {
  readonly bytes: Buffer;
  readonly fileName: string;
  readonly sha256: string;
}

const SIDE = 64;

/** A picture of 64 by 64 dots in one colour, as PNG. */
export function samplePicture(): SampleFile {
  const colour = randomBytes(3);
  const line = Buffer.concat([Buffer.from([0]), ...Array.from({ length: SIDE }, () => colour)]);
  const size = Buffer.alloc(8);
  size.writeUInt32BE(SIDE, 0);
  size.writeUInt32BE(SIDE, 4);
  const bytes = Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    // Eight bits for each of three colours; no palette, filter or interlacing.
    chunk('IHDR', Buffer.concat([size, Buffer.from([8, 2, 0, 0, 0])])),
    chunk('IDAT', deflateSync(Buffer.concat(Array.from({ length: SIDE }, () => line)))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return file(bytes, 'wabridge-live-check.png');
}

export function sampleDocument(): SampleFile {
  const text = `wabridge live check\n${randomBytes(512).toString('base64')}\n`;
  return file(Buffer.from(text), 'wabridge-live-check.txt');
}

const file = (bytes: Buffer, fileName: string): SampleFile => ({
  bytes,
  fileName,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
