/** The files behind media messages: where pages upload to and download from, and what can go wrong with them. */
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { WireMedia } from './frames.ts';

interface Stored {
  readonly bytes: Buffer;
  readonly mimetype: string;
  gone: boolean;
  /** What the sender's phone does when it is asked to upload the file again. */
  reupload: { readonly afterMs: number } | 'never' | null;
}

export class MediaStore {
  /** From the request of a download, or the end of an upload, to its answer. */
  delayMs = 0;
  /** Uploads are answered with this HTTP status instead of being taken. */
  uploadStatus = 200;
  /** Downloads end in the middle, as on a line that breaks. */
  cutsDownloads = false;
  /** Downloads are answered with 401 and a request for a login; those that came are kept. */
  asksForLogin = false;
  readonly logins: string[] = [];
  readonly #files = new Map<string, Stored>();

  store(bytes: Buffer, mimetype: string, filename?: string): WireMedia {
    const directPath = `/mms/${randomBytes(12).toString('hex')}`;
    this.#files.set(directPath, { bytes, mimetype, gone: false, reupload: null });
    const filehash = createHash('sha256').update(bytes).digest('base64');
    return {
      directPath,
      mimetype,
      size: bytes.length,
      ...(filename === undefined ? {} : { filename }),
      filehash,
      encFilehash: filehash,
      mediaKey: randomBytes(32).toString('base64'),
      mediaKeyTimestamp: Math.floor(Date.now() / 1000),
    };
  }

  bytes(directPath: string): Buffer | undefined {
    const file = this.#files.get(directPath);
    return file?.gone ? undefined : file?.bytes;
  }

  /**
   * WhatsApp no longer has the file: the download answers 404.
   *
   * @param reupload what the sender's phone does when the page asks for the file: it uploads it again after so many
   *   milliseconds, or never answers; without it, nobody can be asked
   */
  expire(directPath: string, reupload: Stored['reupload'] = null): void {
    const file = this.#files.get(directPath);
    if (file) Object.assign(file, { gone: true, reupload });
  }

  /** The page asks the sender's phone for a file. Resolves with whether it is there again; stays open if the phone is silent. */
  async reupload(directPath: string): Promise<boolean> {
    const file = this.#files.get(directPath);
    if (!file?.reupload) return file !== undefined && !file.gone;
    if (file.reupload === 'never') return new Promise(() => undefined);
    await wait(file.reupload.afterMs);
    file.gone = false;
    return true;
  }

  async upload(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (this.delayMs > 0) await wait(this.delayMs);
    if (this.uploadStatus !== 200) return void response.writeHead(this.uploadStatus).end();
    const mimetype = request.headers['content-type'] ?? 'application/octet-stream';
    const { directPath } = this.store(Buffer.concat(chunks), mimetype);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ directPath }));
  }

  async download(directPath: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.delayMs > 0) await wait(this.delayMs);
    if (request.headers.authorization !== undefined) this.logins.push(request.headers.authorization);
    if (this.asksForLogin) return void response.writeHead(401, { 'www-authenticate': 'Basic realm="media"' }).end();
    const file = this.#files.get(directPath);
    if (!file || file.gone) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': file.mimetype, 'content-length': file.bytes.length });
    if (request.method === 'HEAD') return void response.end();
    if (!this.cutsDownloads) return void response.end(file.bytes);
    response.write(file.bytes.subarray(0, Math.floor(file.bytes.length / 2)), () => response.destroy());
  }
}
