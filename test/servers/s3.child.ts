/**
 * An S3-protocol server in a process of its own: s3rver, with what it lacks and the bridge relies on. Added here, in front of
 * it: only whole bodies are stored, digests are checked (x-amz-content-sha256, x-amz-checksum-sha256), writes can have a
 * condition (If-Match, If-None-Match), and uploads in parts can be listed and aborted. Faults are asked for by messages of the parent.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import S3rver from '@20minutes/s3rver';
import AWSAccount from '@20minutes/s3rver/lib/models/account.js';
import type { S3Call, S3Fault } from './s3.ts';

interface Context {
  req: Readable;
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly res: ServerResponse;
  status: number;
  type: string;
  body: unknown;
  respond: boolean;
  mountPath: string | undefined;
  readonly state: { vhost: boolean };
}
type Next = () => Promise<void>;

const [folder = '', bucket = '', wantedPort = '0'] = process.argv.slice(2);
const faults: { -readonly [Key in keyof S3Fault]: S3Fault[Key] }[] = [];

const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = process.env;
if (accessKeyId !== undefined && secretAccessKey !== undefined) {
  AWSAccount.DUMMY_ACCOUNT.revokeAccessKey('S3RVER');
  AWSAccount.DUMMY_ACCOUNT.createKeyPair(accessKeyId, secretAccessKey);
}

const app = new S3rver({ directory: folder, silent: true, vhostBuckets: false });
app.middleware.unshift(faulty, whole, conditional, uploads);
// Right before its routes.
app.middleware.splice(-1, 0, signedSlash);

async function faulty(context: Context, next: Next): Promise<void> {
  const { method, path, query, headers } = context;
  const call: S3Call = {
    method,
    path,
    query: { ...query },
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization')),
  };
  process.send?.({ call });
  const fault = faults.find(
    ({ on, times, query: name }) =>
      times > 0 && (on === undefined || on === method) && (name === undefined || name in query),
  );
  if (fault === undefined) return next();
  fault.times -= 1;
  if (fault.kind === 'cut after the last byte') {
    await next();
    // The work is done by now; its answer never leaves.
    if (context.body instanceof Readable) context.body.destroy();
    context.respond = false;
    context.res.destroy();
    return;
  }
  if (fault.kind === 'ignore conditions') {
    unconditional.add(context);
    return next();
  }
  if (fault.kind === 'hang') {
    context.respond = false;
    return;
  }
  context.req.resume();
  refuse(context, fault.status ?? 503, fault.code ?? 'SlowDown');
}

/** Real servers store all of a body or nothing. s3rver writes what arrives, and checks no digest. */
async function whole(context: Context, next: Next): Promise<void> {
  if (context.method !== 'PUT') return next();
  const { headers } = context;
  const bytes = await buffer(context.req);
  const hash = createHash('sha256').update(bytes);
  const [hex, base64] = [hash.copy().digest('hex'), hash.digest('base64')];
  const signed = headers['x-amz-content-sha256'] ?? '';
  if (/^[0-9a-f]{64}$/.test(signed) && signed !== hex) return refuse(context, 400, 'XAmzContentSHA256Mismatch');
  const checksum = headers['x-amz-checksum-sha256'];
  if (checksum !== undefined && checksum !== base64) return refuse(context, 400, 'BadDigest');
  context.req = Readable.from(bytes.length === 0 ? [] : [bytes]);
  return next();
}

/** Writes whose condition is ignored. */
const unconditional = new WeakSet<Context>();
/** The end of the last write that had a condition: from its check to its end, nobody else writes. */
let written: Promise<unknown> = Promise.resolve();

/** s3rver writes whatever the condition says. */
async function conditional(context: Context, next: Next): Promise<void> {
  const { method, path, headers } = context;
  const [match, noneMatch] = [headers['if-match'], headers['if-none-match']];
  if (method !== 'PUT' || (match ?? noneMatch) === undefined || unconditional.has(context)) return next();
  const turn = written.then(async () => {
    const object = join(folder, `${decodeURIComponent(path)}._S3rver_object`);
    const present = await readFile(object).catch(() => null);
    const etag = present && `"${createHash('md5').update(present).digest('hex')}"`;
    if (match !== undefined && etag === null) return refuse(context, 404, 'NoSuchKey');
    if ((match !== undefined && match !== etag) || (noneMatch === '*' && etag !== null))
      return refuse(context, 412, 'PreconditionFailed');
    return next();
  });
  written = turn.catch(() => undefined);
  return turn;
}

async function uploads(context: Context, next: Next): Promise<void> {
  const { method, query } = context;
  const all = join(folder, bucket, '._S3rver_uploads');
  const { uploadId } = query;
  if (method === 'DELETE' && uploadId !== undefined) {
    const known = await stat(join(all, uploadId)).catch(() => null);
    if (known === null) return refuse(context, 404, 'NoSuchUpload');
    await rm(join(all, uploadId), { recursive: true });
    context.status = 204;
    return;
  }
  if (method !== 'GET' || !('uploads' in query)) return next();
  const ids = await readdir(all).catch(() => []);
  const entries = await Promise.all(
    ids.map(async (id) => {
      const key = await readFile(join(all, id, 'key'), 'utf8');
      const { mtime } = await stat(join(all, id, 'key'));
      return `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${mtime.toISOString()}</Initiated></Upload>`;
    }),
  );
  context.type = 'application/xml';
  context.body = `<?xml version="1.0"?><ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${entries.join('')}</ListMultipartUploadsResult>`;
}

/** The SDK asks for `/bucket/` and signs that; s3rver checks the signature of `/bucket`, but for a bucket in a host name. */
async function signedSlash(context: Context, next: Next): Promise<void> {
  if (/^\/[^/]+\/$/.test(context.path)) {
    context.state.vhost = true;
    context.mountPath = '/';
  }
  return next();
}

function refuse(context: Context, status: number, code: string): void {
  context.status = status;
  context.type = 'application/xml';
  context.body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>asked for by the test</Message></Error>`;
}

process.on('message', (fault: S3Fault) => {
  if (fault.times === 0) faults.length = 0;
  else faults.push({ ...fault });
  process.send?.({ noted: true });
});
process.on('disconnect', () => process.exit(0));

await mkdir(join(folder, bucket), { recursive: true });
const server = createServer(app.callback());
server.listen(Number(wantedPort), '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
