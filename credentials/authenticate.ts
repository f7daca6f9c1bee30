/**
 * What n8n calls before it sends a request with this credential. n8n serialises the query and a JSON body only after
 * this, so both are made final here: the URL with its query, the body as bytes.
 */
import type { ICredentialDataDecryptedObject, IDataObject, IHttpRequestOptions } from 'n8n-workflow';
import { DEFAULT_BASE_URL } from '../nodes/shared/contract.generated';
import { parseSigningKey, signRequest } from './signing';

export const INCOMPLETE_KEY =
  'The signing key of the WaBridge credential is incomplete. It is the line starting with wabk_ that was printed when the key was issued; copy the whole line, or issue a new key with: wabridge key issue';

/** @throws Error that says what to correct in the credential or the request */
export async function authenticate(
  credentials: ICredentialDataDecryptedObject,
  options: IHttpRequestOptions,
): Promise<IHttpRequestOptions> {
  const key = parseSigningKey(credentials.privateKey);
  if (key === null) throw new Error(INCOMPLETE_KEY);
  const method = options.method ?? 'GET';
  const url = finalUrl(credentials, options);
  const { body, contentType, digest } = finalBody(method, options);

  const { baseURL: _baseUrl, qs: _query, body: _body, ...rest } = options;
  const headers = withoutSignature(options.headers);
  if (contentType !== undefined) headers['content-type'] = contentType;
  return {
    ...rest,
    method,
    url,
    headers: {
      ...headers,
      ...signRequest({
        method,
        url,
        headers,
        key,
        ...(Buffer.isBuffer(body) ? { body } : {}),
        ...(digest === undefined ? {} : { digest }),
      }),
    },
    ...(body === undefined ? {} : { body }),
    // The signature is for this address and no other.
    disableFollowRedirect: true,
  };
}

/** The base URL without the slash at its end. @throws Error where it is no http(s) URL */
export function checkBaseUrl(text: unknown): string {
  const base = (typeof text === 'string' ? text : '').trim().replace(/\/+$/, '');
  if (
    !/^https?:\/\/[^/]/i.test(base) ||
    !URL.canParse(base) ||
    new URL(base).search !== '' ||
    new URL(base).hash !== ''
  ) {
    throw new Error(
      `The base URL of the WaBridge credential is not a valid URL. Write, for example, ${DEFAULT_BASE_URL} or https://wa.example.org`,
    );
  }
  return base;
}

function finalUrl(credentials: ICredentialDataDecryptedObject, options: IHttpRequestOptions): string {
  const absolute = /^https?:\/\//i.test(options.url);
  const base = absolute ? '' : `${String(options.baseURL || checkBaseUrl(credentials.baseUrl)).replace(/\/+$/, '')}/`;
  const url = new URL(absolute ? options.url : base + options.url.replace(/^\/+/, ''));
  const added = pairs(options.qs ?? {}, options.arrayFormat ?? 'indices').join('&');
  if (added !== '') url.search = url.search === '' ? added : `${url.search}&${added}`;
  url.hash = '';
  return url.href;
}

/** A query as n8n would write it. */
function pairs(value: unknown, arrays: NonNullable<IHttpRequestOptions['arrayFormat']>, name = ''): string[] {
  if (value === undefined) return [];
  if (value instanceof Date) return [`${encodeURIComponent(name)}=${encodeURIComponent(value.toISOString())}`];
  if (Array.isArray(value)) {
    if (arrays === 'comma')
      return value.length === 0 ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value.join(','))}`];
    const suffix = { indices: (index: number) => `[${index}]`, brackets: () => '[]', repeat: () => '' }[arrays];
    return value.flatMap((item, index) => pairs(item, arrays, name + suffix(index)));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, member]) =>
      pairs(member, arrays, name === '' ? key : `${name}[${key}]`),
    );
  }
  const text = value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  return [`${encodeURIComponent(name)}=${encodeURIComponent(text)}`];
}

interface FinalBody {
  readonly body?: IHttpRequestOptions['body'];
  /** Set where the request did not say. */
  readonly contentType?: string;
  /** Of a streamed body, as the request stated it. */
  readonly digest?: string;
}

function finalBody(method: string, options: IHttpRequestOptions): FinalBody {
  const { body } = options;
  // n8n sends no body with these, whatever the options say.
  if (method === 'GET' || method === 'HEAD' || body === undefined || body === null || body === '') return {};
  const stated = find(options.headers, 'content-type');
  const complete = (bytes: Buffer, contentType: string): FinalBody =>
    bytes.length === 0 ? {} : { body: bytes, ...(stated === undefined ? { contentType } : {}) };
  // A string is turned into bytes too, because n8n's HTTP client trims JSON text.
  if (typeof body === 'string')
    return complete(Buffer.from(body), options.json ? 'application/json' : 'text/plain; charset=utf-8');
  if (body instanceof Uint8Array)
    return complete(Buffer.from(body.buffer, body.byteOffset, body.byteLength), 'application/octet-stream');
  if (body instanceof URLSearchParams || Object.prototype.toString.call(body) === '[object FormData]')
    throw new Error('The bridge accepts JSON or the bytes of a file, not forms. Send the body as JSON.');
  if (typeof body === 'object' && !('pipe' in body))
    return complete(Buffer.from(JSON.stringify(body)), 'application/json');
  const field = find(options.headers, 'content-digest');
  const digest = typeof field === 'string' ? /^sha-256=:([0-9A-Za-z+/]{43}=):$/.exec(field)?.[1] : undefined;
  if (digest === undefined)
    throw new Error(
      'A streamed body cannot be signed without its digest. Set the header content-digest (sha-256) first, or send the body as bytes.',
    );
  return { body, digest, ...(stated === undefined ? { contentType: 'application/octet-stream' } : {}) };
}

const find = (headers: IDataObject | undefined, name: string): unknown =>
  Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];

/** Without what this credential sets itself: a second line of any of these would be refused. */
function withoutSignature(headers: IDataObject | undefined): IDataObject {
  const own = ['signature', 'signature-input', 'content-digest'];
  return Object.fromEntries(
    Object.entries(headers ?? {}).filter(([name, value]) => value !== undefined && !own.includes(name.toLowerCase())),
  );
}
