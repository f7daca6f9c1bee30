/** Finds out why the bridge refused a connection: the global WebSocket does not say, a signed HTTP request does. */
import { NodeApiError, type ITriggerFunctions } from 'n8n-workflow';
import type { ErrorCode, Whoami } from '../shared/contract.generated';
import { bridgeJson, bridgeRequest, codeOf } from '../shared/transport';
import type { Refusal } from './stream-client';

/** Refusals that end only when somebody changes the credential or the rights of its key. */
const PERMANENT: readonly ErrorCode[] = [
  'WAB_KEY_UNKNOWN',
  'WAB_KEY_REVOKED',
  'WAB_KEY_NOT_VALID_NOW',
  'WAB_SIGNATURE_INVALID',
  'WAB_SIGNATURE_MALFORMED',
  'WAB_SCOPE_MISSING',
  'WAB_SESSION_NOT_ALLOWED',
];

const PROXY =
  'The bridge answers HTTP requests but does not open a WebSocket. A proxy in between must forward upgrade requests with their headers.';

/** By the status with which the bridge refuses a stream. */
const LIMITS: Readonly<Record<string, string>> = {
  429: 'The key of the credential has reached the number of open streams that the bridge allows for one key, and each published trigger needs one. Issue a second key for some of the workflows, or unpublish some.',
  503: 'The bridge has reached its limit of open streams, and each published trigger needs one; or it is shutting down.',
};

/** The key may read events, and still there is no stream. Asked without an upgrade, the bridge says whether it refuses one. */
async function fetchStreamRefusal(context: ITriggerFunctions): Promise<string> {
  const error = await bridgeRequest(context, { method: 'GET', path: '/v1/stream' }).catch((reason: unknown) => reason);
  const status = error instanceof NodeApiError ? error.httpCode : null;
  return LIMITS[status ?? ''] ?? PROXY;
}

/** Never rejects. */
export async function fetchRefusal(context: ITriggerFunctions): Promise<Refusal> {
  try {
    const { scopes } = await bridgeJson<Partial<Whoami>>(context, { method: 'GET', path: '/v1/whoami' });
    if (scopes !== undefined && !scopes.includes('events:read')) {
      return {
        reason:
          'The key of the credential does not have the scope events:read. Issue a key that has it: `wabridge key issue --scopes …,events:read`.',
        isTemporary: false,
        answered: true,
      };
    }
    return { reason: await fetchStreamRefusal(context), isTemporary: true, answered: true };
  } catch (error) {
    const code = codeOf(error);
    const reason = error instanceof Error ? error.message : String(error);
    return {
      reason: code === null ? reason : `${reason} (${code})`,
      isTemporary: code === null || !PERMANENT.includes(code),
      answered: code !== null,
    };
  }
}
