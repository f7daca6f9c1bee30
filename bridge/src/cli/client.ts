/** A client of the bridge that signs every request, for the CLI: REST, uploads and the stream. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { WebSocket } from 'ws';
import { signRequest, type UnsignedRequest } from '../auth/signer.ts';
import type { Secret } from '../auth/secret.ts';
import {
  fieldsIn,
  partOf,
  type InputOf,
  type Operation,
  type RequestPart,
  type ResultOf,
} from '../contract/operation.ts';

export interface ClientOptions {
  /** Where the bridge answers; may have a path. */
  readonly baseUrl: string;
  readonly secret: Secret;
}

export interface RequestOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
  readonly signal?: AbortSignal;
}

/** What a request for an operation says besides its input, if it goes through the outbox. */
export interface CallOptions {
  readonly idempotencyKey?: string;
  /** How long to wait for the outcome, in milliseconds. */
  readonly waitMs?: number;
}

/** A refusal by the bridge, with the catalogue's code and sentence. */
export class ProblemError extends Error {
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;

  constructor({
    code,
    status,
    retryable,
    detail,
  }: {
    code: string;
    status: number;
    retryable: boolean;
    detail: string;
  }) {
    super(detail);
    this.name = 'ProblemError';
    this.code = code;
    this.status = status;
    this.retryable = retryable;
  }
}

/** No answer from a bridge: nothing listens, or something else does. */
export class UnreachableError extends Error {
  constructor(message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = 'UnreachableError';
  }
}

export class BridgeClient {
  readonly #base: string;
  readonly #secret: Secret;

  constructor({ baseUrl, secret }: ClientOptions) {
    this.#base = baseUrl.replace(/\/+$/, '');
    this.#secret = secret;
  }

  /**
   * Asks for an operation of the catalogue.
   *
   * @throws ProblemError, UnreachableError
   */
  async perform<Defined extends Operation>(
    operation: Defined,
    input: InputOf<Defined>,
    { idempotencyKey, waitMs }: CallOptions = {},
  ): Promise<ResultOf<Defined>> {
    const { http }: Operation = operation;
    const { method, path, type } = http;
    const parts: Record<RequestPart, Record<string, unknown>> = { params: {}, querystring: {}, body: {} };
    for (const [field, value] of Object.entries(input)) parts[partOf(field, http)][field] = value;
    const { params, querystring, body } = parts;
    const target = path.replaceAll(/\{(\w+)\}/g, (_, field: string) => encodeURIComponent(String(params[field])));
    // One that takes a body takes an empty one if nothing is said in it, but not none.
    const hasBody = Object.keys(fieldsIn('body', operation)).length > 0;
    return this.request<ResultOf<Defined>>(method, `/v1${target}`, {
      query: { ...querystring, ...(waitMs === undefined ? {} : { waitMs }) },
      ...(idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey } }),
      ...(hasBody ? { body: type === undefined ? body : { ...body, type } } : {}),
    });
  }

  /**
   * Asks for a route that is written by hand.
   *
   * @returns the answer's JSON; undefined if it has none. Its shape is the caller's promise.
   * @throws ProblemError, UnreachableError
   */
  async request<Answer = unknown>(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const body = options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body));
    const headers = { ...options.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const response = await this.#fetch(
      { method, url: this.url(path, options.query), headers, ...(body === undefined ? {} : { body }) },
      { ...(body === undefined ? {} : { body }), signal: options.signal ?? null },
    );
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  }

  /**
   * Uploads a file as the raw body. It is read twice, once for its digest; a file that changes in between is refused by
   * the bridge.
   *
   * @param path e.g. `/v1/media/med_…`
   * @throws ProblemError, UnreachableError, or what reading the file throws
   */
  async upload<Answer = unknown>(
    path: string,
    file: string,
    options: Omit<RequestOptions, 'body'> = {},
  ): Promise<Answer> {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
    const body = Readable.toWeb(createReadStream(file)) as ReadableStream;
    const streamed: RequestInit & { duplex: 'half' } = { body, duplex: 'half', signal: options.signal ?? null };
    const response = await this.#fetch(
      {
        method: 'PUT',
        url: this.url(path, options.query),
        headers: { 'content-type': 'application/octet-stream', ...options.headers },
        bodySha256: hash.digest('base64'),
      },
      streamed,
    );
    return (await response.json()) as Answer;
  }

  /** Downloads a body. @throws ProblemError, UnreachableError */
  async download(path: string, options: Omit<RequestOptions, 'body'> = {}): Promise<Buffer> {
    const response = await this.#fetch(
      { method: 'GET', url: this.url(path, options.query), headers: options.headers ?? {} },
      { signal: options.signal ?? null },
    );
    return Buffer.from(await response.arrayBuffer());
  }

  /**
   * Opens the stream and waits for it. No frame is delivered before the caller, right after the wait, could attach its
   * listeners.
   *
   * @throws ProblemError if the bridge refuses the upgrade, UnreachableError
   */
  openStream(path = '/v1/stream', protocol = 'wabridge.v1'): Promise<WebSocket> {
    const url = this.url(path);
    const socket = new WebSocket(url.replace(/^http/, 'ws'), protocol, {
      headers: signRequest({ method: 'GET', url }, this.#secret),
    });
    return new Promise((resolve, reject) => {
      socket.once('open', () => {
        // The first frame may come with the answer to the upgrade; it waits until the caller has its listeners.
        socket.pause();
        setImmediate(() => socket.resume());
        resolve(socket);
      });
      socket.once('error', (error) => reject(this.#unreachable(error)));
      socket.once('unexpected-response', (_request, response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', (error) => reject(this.#unreachable(error)));
        response.on('end', () => {
          socket
            .removeAllListeners('error')
            .once('error', () => undefined)
            .terminate();
          reject(this.#refusal(response.statusCode ?? 0, Buffer.concat(parts).toString()));
        });
      });
    });
  }

  /** The final URL below the base URL. */
  url(path: string, query: RequestOptions['query'] = {}): string {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(
      given.map(([name, value]): [string, string] => [name, String(value)]),
    ).toString();
    return `${this.#base}${path}${search === '' ? '' : `?${search}`}`;
  }

  async #fetch(request: UnsignedRequest, init: RequestInit): Promise<Response> {
    const headers = { accept: 'application/json', ...request.headers, ...signRequest(request, this.#secret) };
    let response: Response;
    try {
      // A redirect would carry the signature of another address.
      response = await fetch(request.url, { method: request.method, redirect: 'manual', ...init, headers });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw this.#unreachable(error);
    }
    if (!response.ok) throw this.#refusal(response.status, await response.text());
    return response;
  }

  #refusal(status: number, text: string): Error {
    try {
      const { code, detail, retryable } = JSON.parse(text) as Record<string, unknown>;
      if (typeof code === 'string' && typeof detail === 'string')
        return new ProblemError({ code, status, retryable: retryable === true, detail });
    } catch {
      // Not JSON, so not from a bridge: told below.
    }
    return new UnreachableError(
      `${this.#base} answered with status ${status}, but the answer is not from wabridge. Check the URL (--url or WABRIDGE_URL).`,
    );
  }

  #unreachable(cause: unknown): UnreachableError {
    const inner = ((cause as Error).cause ?? cause) as Error & { code?: string };
    return new UnreachableError(
      `The bridge at ${this.#base} cannot be reached (${inner.code ?? inner.message}). Start it with \`wabridge start\`, or set its URL with --url.`,
      { cause },
    );
  }
}
