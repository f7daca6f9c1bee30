/**
 * Fetches the files of incoming messages out of the page: a few at a time, part by part as the reader takes them, so that
 * a large file is in no more than one place as a whole.
 */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import PQueue from 'p-queue';
import type { MessageId } from '../../../contract/ids.ts';
import { EngineError } from '../../engine.ts';
import { type Deadlines, forFile } from '../deadlines.ts';
import type { LongPageCalls } from '../page/page-calls.ts';
import { dropFile, fetchFile, type FetchedFile, lookAtFile, PART_BYTES, readFilePart } from '../page/page-media.ts';
import { describe, withoutNumbers } from '../page/page-reason.ts';

/** Files in the page at once: each is there as a whole, and in WhatsApp Web's own memory beside it. */
const AT_ONCE = 2;
/** A phone that has to upload a file again is given time. */
const REUPLOAD_MS = 30_000;

interface Fetched {
  readonly token: string;
  readonly sizeBytes: number;
}

export class MediaDownloads {
  readonly #page: () => LongPageCalls;
  readonly #deadlines: Deadlines;
  readonly #slots = new PQueue({ concurrency: AT_ONCE });

  constructor(page: () => LongPageCalls, deadlines: Deadlines) {
    this.#page = page;
    this.#deadlines = deadlines;
  }

  /**
   * Resolves once the page has the file; the stream pulls it over. A reader that does not read to the end destroys it.
   *
   * @param limitBytes a larger file is refused before it is downloaded, as far as the message tells its size
   * @throws EngineError, as `Engine.downloadMedia`
   */
  async download(messageId: MessageId, limitBytes: number): Promise<Readable> {
    const release = await this.#slot();
    try {
      const fetched = await this.#fetch(messageId, limitBytes);
      return this.#stream(fetched, release);
    } catch (error) {
      release();
      throw asEngineError(error);
    }
  }

  async #fetch(messageId: MessageId, limitBytes: number): Promise<Fetched> {
    const { call } = this.#deadlines;
    const outlook = await this.#page().call(lookAtFile, call, messageId);
    if (outlook && 'failed' in outlook) {
      const code = outlook.reloading ? 'WAB_SESSION_NOT_READY' : 'WAB_MEDIA_FAILED';
      throw new EngineError('defer', code, withoutNumbers(outlook.failed));
    }
    if (outlook === null) throw failed('WhatsApp Web does not have this media message');
    const { sizeBytes } = outlook;
    if (sizeBytes !== null && sizeBytes > limitBytes) throw tooLarge(sizeBytes, limitBytes);
    if (outlook.stage === 'REUPLOADING') throw refusal({ state: 'later' });
    const token = randomUUID();
    try {
      const deadline = forFile(this.#deadlines, sizeBytes ?? 0);
      const result = await this.#page().callLong(fetchFile, deadline, token, messageId);
      if (result.state !== 'here') throw refusal(result);
      if (result.sizeBytes > limitBytes) throw tooLarge(result.sizeBytes, limitBytes);
      return { token, sizeBytes: result.sizeBytes };
    } catch (error) {
      this.#drop(token);
      throw asCounted(error);
    }
  }

  #stream({ token, sizeBytes }: Fetched, release: () => void): Readable {
    let offset = 0;
    let idle: NodeJS.Timeout | undefined;
    const pull = async (): Promise<Buffer | null> => {
      if (offset >= sizeBytes) return null;
      const part = await this.#page().call(readFilePart, this.#deadlines.call, token, offset, PART_BYTES);
      const bytes = Buffer.from(part ?? '', 'base64');
      if (bytes.length !== Math.min(PART_BYTES, sizeBytes - offset))
        throw new EngineError('defer', 'WAB_MEDIA_FAILED', 'WhatsApp Web has lost the file');
      offset += bytes.length;
      return bytes;
    };
    // A reader that forgot the stream must not keep its place, nor the page its file.
    const expectReader = (): void => {
      clearTimeout(idle);
      idle = setTimeout(
        () => stream.destroy(new EngineError('defer', 'WAB_MEDIA_FAILED', 'the file was not read in time')),
        this.#deadlines.media,
      );
    };
    const stream = new Readable({
      highWaterMark: 1,
      read() {
        expectReader();
        pull().then(
          (bytes) => this.push(bytes),
          (error: unknown) => this.destroy(asCounted(error)),
        );
      },
      destroy: (error, done) => {
        clearTimeout(idle);
        this.#drop(token);
        release();
        done(error);
      },
    });
    expectReader();
    return stream;
  }

  /** A page that is gone has freed it by that. */
  #drop(token: string): void {
    try {
      this.#page()
        .call(dropFile, this.#deadlines.call, token)
        .catch(() => undefined);
    } catch {
      // The browser does not run.
    }
  }

  /** Waits for a place. Returns the function that gives it back. */
  async #slot(): Promise<() => void> {
    return new Promise((resolve) => {
      void this.#slots.add(() => new Promise<void>((release) => resolve(release)));
    });
  }
}

const failed = (reason: string): EngineError => new EngineError('fail', 'WAB_MEDIA_FAILED', reason);
const tooLarge = (sizeBytes: number, limitBytes: number): EngineError =>
  new EngineError('fail', 'WAB_MEDIA_TOO_LARGE', `it has ${sizeBytes} bytes, more than the limit of ${limitBytes}`);

function refusal(result: Exclude<FetchedFile, { state: 'here' }>): EngineError {
  switch (result.state) {
    case 'gone':
      return failed('WhatsApp no longer has the file');
    case 'later':
      return new EngineError('defer', 'WAB_MEDIA_FAILED', 'asking the sender’s phone to upload the file again', {
        retryAfterMs: REUPLOAD_MS,
      });
    case 'failed':
      return new EngineError('defer', 'WAB_MEDIA_FAILED', result.reason);
  }
}

/** Once the page is at work on a file, a broken way counts against it: the file itself may be what breaks the page. */
const asCounted = (error: unknown): EngineError =>
  error instanceof EngineError
    ? error
    : new EngineError('defer', 'WAB_MEDIA_FAILED', describe(error), { cause: error });

/** What is not an answer of the page is a broken way to it. */
const asEngineError = (error: unknown): EngineError =>
  error instanceof EngineError
    ? error
    : new EngineError('defer', 'WAB_SESSION_NOT_READY', describe(error), { cause: error });
