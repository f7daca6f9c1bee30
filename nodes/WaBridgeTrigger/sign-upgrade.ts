/** Address and signed headers of the WebSocket upgrade, signed like any other request. */
import type { ITriggerFunctions } from 'n8n-workflow';
import { signRequest } from '../../credentials/signing';
import { bridgeUrl, readCredential } from '../shared/transport';

/** @throws NodeOperationError where the credential cannot be used as it is */
export async function signUpgrade(
  context: ITriggerFunctions,
): Promise<{ url: string; headers: Record<string, string> }> {
  const { baseUrl, key } = await readCredential(context);
  const url = bridgeUrl(baseUrl, '/v1/stream');
  return { url: url.replace(/^http/i, 'ws'), headers: signRequest({ method: 'GET', url, key }) };
}
