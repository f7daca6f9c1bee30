/**
 * A file into a bucket and back, against the bare SDK on the same server: s3rver in a process of its own, so the figures say
 * what our side costs and nothing about a real service. Ours goes through a file on disk, since its digest has to be known
 * before it gets its key, and gives the digest along, so that the service checks what it was given.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { openMediaStore } from '../../bridge/src/compose/media-store.ts';
import { parseStoreUrl } from '../../bridge/src/config/store-url.ts';
import { systemClock } from '../../bridge/src/ops/clock.ts';
import { S3_CREDENTIALS, S3Server } from '../servers/s3.ts';
import { median, type BenchmarkRow } from './benchmark.ts';

/** What is used of the SDK: that of the bridge, which npm may have installed where tests do not find it. */
interface Sdk {
  readonly S3Client: new (config: object) => { send(command: object): Promise<{ Body: Readable }>; destroy(): void };
  readonly GetObjectCommand: new (input: object) => object;
  readonly Upload: new (options: object) => { done(): Promise<unknown> };
}
const ofBridge = createRequire(new URL('../../bridge/package.json', import.meta.url));
const load = (): Sdk => ({ ...ofBridge('@aws-sdk/client-s3'), ...ofBridge('@aws-sdk/lib-storage') });

const MIB = 2 ** 20;
const FILE_BYTES = 48 * MIB;
const ROUNDS = 5;

/** Milliseconds there and back. */
interface Times {
  readonly there: number;
  readonly back: number;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function drained(body: AsyncIterable<unknown>): Promise<void> {
  let bytes = 0;
  for await (const chunk of body) bytes += (chunk as Buffer).length;
  if (bytes !== FILE_BYTES) throw new Error(`${bytes} bytes came back, not ${FILE_BYTES}`);
}

/** Measures ours and the SDK in turns and reports the medians. */
export async function run(): Promise<BenchmarkRow[]> {
  const { S3Client, GetObjectCommand, Upload } = load();
  const folder = await mkdtemp(join(tmpdir(), 'wabridge-bench-'));
  const server = await S3Server.start();
  const file = join(folder, 'file');
  await writeFile(file, randomBytes(FILE_BYTES));
  const store = await openMediaStore(parseStoreUrl(server.url()), join(folder, 'media'), systemClock);
  const client = new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: {
      accessKeyId: S3_CREDENTIALS.AWS_ACCESS_KEY_ID,
      secretAccessKey: S3_CREDENTIALS.AWS_SECRET_ACCESS_KEY,
    },
  });
  const ours = async (key: string): Promise<Times> => ({
    there: await timed(async () => (await store.spool(createReadStream(file), () => undefined)).commit(key)),
    back: await timed(async () => drained((await store.open(key))!)),
  });
  const bare = async (key: string): Promise<Times> => {
    const at = { Bucket: server.bucket, Key: `bare/${key}` };
    return {
      there: await timed(() => new Upload({ client, params: { ...at, Body: createReadStream(file) } }).done()),
      back: await timed(async () => drained((await client.send(new GetObjectCommand(at))).Body)),
    };
  };
  const figures: { readonly ours: Times; readonly bare: Times }[] = [];
  try {
    await store.start();
    // The first round loads the SDK, and is not counted.
    for (let round = 0; round <= ROUNDS; round++) {
      const figure = { bare: await bare(`file-${round}`), ours: await ours(`file-${round}`) };
      if (round > 0) figures.push(figure);
    }
  } finally {
    await store.stop();
    client.destroy();
    await server.destroy();
    await rm(folder, { recursive: true, force: true });
  }
  const row = (way: keyof Times, name: string, baselineIs: string): BenchmarkRow => ({
    name: `${FILE_BYTES / MIB} MB ${name} a bucket`,
    unit: 'ms',
    kind: 'time',
    ours: median(figures.map((figure) => figure.ours[way])),
    baseline: median(figures.map((figure) => figure.bare[way])),
    baselineIs,
  });
  return [
    row('there', 'into', "the SDK's own upload in parts from the same file; without a copy on disk or a digest"),
    row('back', 'out of', "the SDK's own download"),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${JSON.stringify(await run(), null, 2)}\n`);
}
