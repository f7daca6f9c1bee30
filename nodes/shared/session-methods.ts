/** Sessions for pickers in the editor. */
import type { ILoadOptionsFunctions, INodeListSearchResult, INodePropertyOptions } from 'n8n-workflow';
import type { SessionView } from './contract.generated';
import { bridgeJson } from './transport';

const label = ({ name, state, simulated }: SessionView): string =>
  `${name} (${state.replace('_', ' ')}${simulated ? ', simulated' : ''})`;

async function sessions(context: ILoadOptionsFunctions): Promise<SessionView[]> {
  const answer = await bridgeJson<{ sessions: SessionView[] }>(context, { method: 'GET', path: '/v1/sessions' });
  return [...answer.sessions].sort((a, b) => a.name.localeCompare(b.name));
}

export async function searchSessions(this: ILoadOptionsFunctions, filter?: string): Promise<INodeListSearchResult> {
  const wanted = (filter ?? '').toLowerCase();
  const found = (await sessions(this)).filter(({ name }) => name.includes(wanted));
  return { results: found.map((session) => ({ name: label(session), value: session.name })) };
}

export async function getSessions(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
  return (await sessions(this)).map((session) => ({ name: label(session), value: session.name }));
}
