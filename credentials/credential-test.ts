/**
 * The test behind the credential's "Retry" and "Save" in n8n. A declarative `test` of a credential could only show the
 * HTTP status text, so the nodes carry this function as `methods.credentialTest` and name it in `testedBy`.
 */
import type {
  ICredentialDataDecryptedObject,
  ICredentialsDecrypted,
  ICredentialTestFunctions,
  INodeCredentialTestResult,
} from 'n8n-workflow';
import { jsonParse } from 'n8n-workflow';
import type { Problem, Whoami } from '../nodes/shared/contract.generated';
import { checkBaseUrl, INCOMPLETE_KEY } from './authenticate';
import { parseSigningKey, signRequest, type ParsedKey } from './signing';
import { describeUnreachable } from './unreachable';

const TIMEOUT_MS = 10_000;

interface Answer {
  readonly statusCode: number;
  readonly body?: unknown;
}

/** What the bridge answers, or anything else that answers there. */
type Told = Partial<Pick<Whoami, 'keyId' | 'scopes'> & Pick<Problem, 'code' | 'detail'>>;

const failed = (message: string): INodeCredentialTestResult => ({ status: 'Error', message });

/** Asks the bridge who this key is. Every failure says what is wrong and what to do about it. */
export async function waBridgeApiTest(
  this: ICredentialTestFunctions,
  credential: ICredentialsDecrypted<ICredentialDataDecryptedObject>,
): Promise<INodeCredentialTestResult> {
  const { baseUrl, privateKey } = credential.data ?? {};
  const key = parseSigningKey(privateKey);
  if (key === null) return failed(INCOMPLETE_KEY);
  let base: string;
  try {
    base = checkBaseUrl(baseUrl);
  } catch (error) {
    return failed((error as Error).message);
  }
  try {
    return judge(base, await whoami(this, base, key));
  } catch (error) {
    return failed(
      `The bridge at ${base} cannot be reached: ${describeUnreachable(error)}. Check that wabridge is running and that n8n can reach this address (inside Docker, localhost is the container itself).`,
    );
  }
}

async function whoami({ helpers }: ICredentialTestFunctions, base: string, key: ParsedKey): Promise<Answer> {
  const uri = `${base}/v1/whoami`;
  const headers = { accept: 'application/json', ...signRequest({ method: 'GET', url: uri, key }) };
  // The only HTTP client that n8n gives to a credential test. It goes the way that the nodes' requests go (proxy, SSRF rules).
  return (await helpers.request({
    method: 'GET',
    uri,
    headers,
    timeout: TIMEOUT_MS,
    followRedirect: false,
    simple: false,
    resolveWithFullResponse: true,
  })) as Answer;
}

function judge(base: string, { statusCode, body }: Answer): INodeCredentialTestResult {
  const told = typeof body === 'string' ? jsonParse<Told>(body, { fallbackValue: {} }) : ((body ?? {}) as Told);
  if (statusCode === 200 && typeof told.keyId === 'string' && Array.isArray(told.scopes)) {
    const lack = lackOf(told.scopes);
    return lack === null
      ? { status: 'OK', message: 'Connection successful!' }
      : failed(`The bridge accepts key ${told.keyId}, but ${lack}`);
  }
  if (typeof told.code === 'string' && typeof told.detail === 'string') return failed(`${told.detail} (${told.code})`);
  if (statusCode >= 300 && statusCode < 400)
    return failed(
      `${base} redirects, and a signed request cannot follow a redirect. Set the base URL to the final address.`,
    );
  return failed(
    `${base} answered with status ${statusCode}, but the answer is not from wabridge. Check the base URL, and any proxy between n8n and the bridge.`,
  );
}

/** What the key may not do that no use in n8n can go without; a key for one of the two nodes alone is fine. */
function lackOf(scopes: readonly string[]): string | null {
  const hint = (wanted: string): string => `Issue a key that has them: wabridge key issue --scopes ${wanted}`;
  if (!scopes.includes('sessions:read'))
    return `it does not have the scope sessions:read, which both nodes need. ${hint('sessions:read,events:read,messages:read,messages:send')}`;
  if (!scopes.includes('events:read') && !scopes.includes('messages:send')) {
    return `it has neither of the scopes events:read (for the trigger) and messages:send (for sending). ${hint('sessions:read,events:read,messages:read,messages:send')}`;
  }
  return null;
}
