/**
 * Signed requests to the bridge. The final URL and the body's bytes are built here, before the credential signs them:
 * n8n would serialise a query or a JSON body after that, and the signature would not match.
 */
import type {
  IExecuteFunctions,
  IHttpRequestMethods,
  ILoadOptionsFunctions,
  IN8nHttpFullResponse,
  ITriggerFunctions,
} from 'n8n-workflow';
import { jsonParse, NodeOperationError } from 'n8n-workflow';
import { checkBaseUrl, INCOMPLETE_KEY } from '../../../credentials/authenticate';
import { parseSigningKey, type ParsedKey } from '../../../credentials/signing';
import { asText } from '../text';
import { problemError, unreachableError } from './problem';

const CREDENTIAL = 'waBridgeApi';
const TIMEOUT_MS = 30_000;

export type BridgeContext = IExecuteFunctions | ILoadOptionsFunctions | ITriggerFunctions;

/** The bytes of a body, or a stream of them. */
export type BridgeBytes = Buffer | Awaited<ReturnType<IExecuteFunctions['helpers']['getBinaryStream']>>;

export interface BridgeRequest {
  readonly method: IHttpRequestMethods;
  /** Path below the base URL, encoded, e.g. `/v1/sessions/support`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** A body that is sent as JSON. */
  readonly json?: object;
  /** A body that is sent as it is. */
  readonly bytes?: {
    readonly data: BridgeBytes;
    readonly contentType: string;
    /** Base64; a stream cannot be hashed while it is signed. */
    readonly sha256: string;
    readonly sizeBytes: number;
  };
  readonly idempotencyKey?: string;
  /** How long the bridge itself may take to answer, in ms, beyond the usual. */
  readonly waitMs?: number;
  /** Item that an error belongs to. */
  readonly itemIndex?: number;
}

export interface BridgeAnswer {
  readonly status: number;
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Address of an endpoint below the base URL, which may have a path of its own. */
export function bridgeUrl(baseUrl: string, path: string, query: BridgeRequest['query'] = {}): string {
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return `${baseUrl}${path}${search === '' ? '' : `?${search}`}`;
}

/**
 * The credential, checked for what would otherwise look like a bridge that cannot be reached.
 *
 * @throws NodeOperationError that says what to correct
 */
export async function readCredential(context: BridgeContext): Promise<{ baseUrl: string; key: ParsedKey }> {
  const credential = await context.getCredentials(CREDENTIAL);
  const key = parseSigningKey(credential['privateKey']);
  if (key === null) throw new NodeOperationError(context.getNode(), INCOMPLETE_KEY);
  try {
    return { baseUrl: checkBaseUrl(credential['baseUrl']), key };
  } catch (error) {
    throw new NodeOperationError(context.getNode(), error as Error);
  }
}

/**
 * @returns the answer of a request that succeeded (2xx)
 * @throws NodeApiError with the sentence of the bridge's error catalogue, or saying why the bridge cannot be reached
 */
export async function bridgeRequest(context: BridgeContext, request: BridgeRequest): Promise<BridgeAnswer> {
  const { baseUrl } = await readCredential(context);
  const body = request.json === undefined ? request.bytes?.data : Buffer.from(JSON.stringify(request.json));
  let answer: IN8nHttpFullResponse;
  try {
    answer = (await context.helpers.httpRequestWithAuthentication.call(context, CREDENTIAL, {
      method: request.method,
      url: bridgeUrl(baseUrl, request.path, request.query),
      headers: {
        ...bodyHeaders(request),
        ...(request.idempotencyKey === undefined ? {} : { 'idempotency-key': request.idempotencyKey }),
      },
      ...(body === undefined ? {} : { body }),
      encoding: 'arraybuffer',
      timeout: TIMEOUT_MS + (request.waitMs ?? 0),
      // A redirect would carry the signature of another address.
      disableFollowRedirect: true,
      ignoreHttpStatusErrors: true,
      returnFullResponse: true,
    })) as IN8nHttpFullResponse;
  } catch (error) {
    throw unreachableError(context.getNode(), baseUrl, error, request.itemIndex);
  }
  const bytes = toBuffer(answer.body);
  if (answer.statusCode < 200 || answer.statusCode > 299) {
    throw problemError(
      context.getNode(),
      { status: answer.statusCode, body: bytes, baseUrl: baseUrl },
      request.itemIndex,
    );
  }
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), asText(value)]),
  );
  return { status: answer.statusCode, headers, body: bytes };
}

function bodyHeaders({ json, bytes }: BridgeRequest): Record<string, string> {
  if (json !== undefined) return { 'content-type': 'application/json' };
  if (bytes === undefined) return {};
  return {
    'content-type': bytes.contentType,
    'content-length': String(bytes.sizeBytes),
    'content-digest': `sha-256=:${bytes.sha256}:`,
  };
}

/** A request whose answer is JSON. The shape is the caller's promise, by the bridge's contract. */
export async function bridgeJson<Answer>(context: BridgeContext, request: BridgeRequest): Promise<Answer> {
  const { body } = await bridgeRequest(context, request);
  return jsonParse<Answer>(body.toString('utf8'), {
    errorMessage: 'The answer is not JSON. Check that the base URL of the credential is the URL of wabridge.',
  });
}

function toBuffer(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  if (body instanceof ArrayBuffer) return Buffer.from(body);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? ''));
}
