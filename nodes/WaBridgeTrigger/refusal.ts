/** Finds out why the bridge refused a connection: the global WebSocket does not say, a signed HTTP request does. */
import type { ITriggerFunctions } from 'n8n-workflow';
import type { ErrorCode } from '../shared/contract.generated';
import { bridgeJson, codeOf } from '../shared/transport';
import type { Refusal } from './stream-client';

/** Refusals that end only when somebody changes the credential or the rights of its key. */
const HOPELESS: readonly ErrorCode[] = [
  'WAB_KEY_UNKNOWN',
  'WAB_KEY_REVOKED',
  'WAB_KEY_NOT_VALID_NOW',
  'WAB_SIGNATURE_INVALID',
  'WAB_SIGNATURE_MALFORMED',
  'WAB_SCOPE_MISSING',
  'WAB_SESSION_NOT_ALLOWED',
];

/** Never rejects. */
export async function whyRefused(context: ITriggerFunctions): Promise<Refusal> {
  try {
    const { scopes } = await bridgeJson<{ scopes?: readonly string[] }>(context, { method: 'GET', path: '/v1/whoami' });
    if (scopes !== undefined && !scopes.includes('events:read')) {
      return {
        reason:
          'The key of the credential lacks the scope events:read. Issue a key with it: `wabridge key issue --scopes …,events:read`.',
        heals: false,
        answered: true,
      };
    }
    return {
      reason:
        'The bridge answers HTTP requests but opens no WebSocket. A proxy in between must forward upgrade requests with their headers.',
      heals: true,
      answered: true,
    };
  } catch (error) {
    const code = codeOf(error);
    const reason = error instanceof Error ? error.message : String(error);
    return {
      reason: code === null ? reason : `${reason} (${code})`,
      heals: code === null || !HOPELESS.includes(code),
      answered: code !== null,
    };
  }
}
