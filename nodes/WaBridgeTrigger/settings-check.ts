/**
 * Settings that fit together and still cannot work with this bridge: a session that does not exist, a key that may not
 * read messages. The stream takes them without a word and never delivers what was meant.
 */
import type { ITriggerFunctions } from 'n8n-workflow';
import { EVENT_TYPES, type SessionView, type Whoami } from '../shared/contract.generated';
import { bridgeJson, codeOf } from '../shared/transport';
import type { TriggerSettings } from './settings';

/** What was found: nothing, a sentence, or that the bridge could not be asked. */
export type Finding = { readonly kind: 'fine' | 'unknown' } | { readonly kind: 'wrong'; readonly reason: string };

/** Never rejects. A refusal of the key itself is left to the stream, which names the reason. */
export async function checkSettings(context: ITriggerFunctions, { filter }: TriggerSettings): Promise<Finding> {
  try {
    const { scopes } = await bridgeJson<Partial<Whoami>>(context, { method: 'GET', path: '/v1/whoami' });
    const wantsContent = filter.types?.some((type) => EVENT_TYPES[type].content) ?? true;
    if (scopes?.includes('events:read') === true && wantsContent && !scopes.includes('messages:read')) {
      return {
        kind: 'wrong',
        reason:
          'The key of the credential does not have the scope messages:read, so messages would arrive without their text and files. Issue a key that has it: `wabridge key issue --scopes …,messages:read`.',
      };
    }
    if (filter.sessions === undefined || scopes?.includes('sessions:read') !== true) return { kind: 'fine' };
    const { sessions } = await bridgeJson<{ sessions: readonly SessionView[] }>(context, {
      method: 'GET',
      path: '/v1/sessions',
    });
    const known = sessions.map(({ name }) => name).sort();
    const missing = filter.sessions.filter((name) => !known.includes(name));
    if (missing.length === 0) return { kind: 'fine' };
    return { kind: 'wrong', reason: describeMissing(missing, known) };
  } catch (error) {
    return { kind: codeOf(error) === null ? 'unknown' : 'fine' };
  }
}

function describeMissing(missing: readonly string[], known: readonly string[]): string {
  const names = missing.map((name) => `"${name}"`).join(', ');
  const what =
    missing.length === 1
      ? `The bridge has no session ${names} that this key may use`
      : `The bridge has no sessions ${names} that this key may use`;
  const choice =
    known.length === 0
      ? 'It has no sessions yet: add one with `wabridge session add`.'
      : `It has ${known.slice(0, 10).join(', ')}${known.length > 10 ? ' and more' : ''}.`;
  return `${what}, so nothing would ever start this workflow. ${choice}`;
}
