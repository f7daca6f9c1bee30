/** The part of a request that is known before its body: what a signature is verified against. */
import type { IncomingMessage } from 'node:http';
import { WabError } from '../contract/errors.ts';

export interface RequestHead {
  readonly method: string;
  /** The request target as received: path and query, undecoded. */
  readonly target: string;
  /** Every header line as received, name and value in turn. */
  readonly rawHeaders: readonly string[];
}

/** Header fields that mean something to the signature. A second line of any of them is refused. */
const SINGLE = [
  'host',
  'content-type',
  'content-digest',
  'content-length',
  'transfer-encoding',
  'idempotency-key',
  'signature',
  'signature-input',
];

/** Whether a body follows, by the only two headers that can announce one. RFC 9112, section 6.3. */
export const announcesBody = (transferEncoding: string | undefined, contentLength: string | undefined): boolean =>
  transferEncoding !== undefined || (contentLength !== undefined && !/^0+$/.test(contentLength));

export class RequestFields {
  readonly method: string;
  readonly path: string;
  /** With its question mark, which is all there is where the target has no query. */
  readonly query: string;
  readonly #fields = new Map<string, string>();
  readonly #asksForUpgrade: boolean;

  /** @throws WabError WAB_SIGNATURE_MALFORMED if a field occurs twice, or the target names another host */
  constructor(head: RequestHead) {
    const { rawHeaders, target } = head;
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = rawHeaders[index]!.toLowerCase();
      if (!SINGLE.includes(name)) continue;
      if (this.#fields.has(name))
        throw new WabError('WAB_SIGNATURE_MALFORMED', { reason: `the header ${name} appears twice` });
      this.#fields.set(name, rawHeaders[index + 1]!.replace(/^[ \t]+|[ \t]+$/g, ''));
    }
    this.#asksForUpgrade = rawHeaders.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'upgrade');
    // The absolute form (`GET http://host/path`) would name a second authority beside Host.
    if (!target.startsWith('/'))
      throw new WabError('WAB_SIGNATURE_MALFORMED', { reason: 'the request target does not start with /' });
    const question = target.indexOf('?');
    this.method = head.method;
    this.path = question < 0 ? target : target.slice(0, question);
    this.query = question < 0 ? '?' : target.slice(question);
  }

  field(name: string): string | undefined {
    return this.#fields.get(name);
  }

  /** Whether it only asks. A request that opens a stream does more: it takes a subscription over and acknowledges. */
  get isRead(): boolean {
    return (this.method === 'GET' || this.method === 'HEAD') && !this.#asksForUpgrade;
  }

  /** Whether a body follows. */
  get hasBody(): boolean {
    return announcesBody(this.#fields.get('transfer-encoding'), this.#fields.get('content-length'));
  }
}

/** @param target the target before any rewriting */
export const headOf = (request: IncomingMessage, target = request.url ?? ''): RequestHead => ({
  method: request.method ?? '',
  target,
  rawHeaders: request.rawHeaders,
});
