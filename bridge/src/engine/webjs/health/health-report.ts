/** What `GET /v1/sessions/{name}/health` says of a session on WhatsApp Web. Names no people. */
import type { HealthCheck } from '../../../contract/views/session.ts';
import type { EngineHealth } from '../../engine.ts';
import { lasting, unreadWords } from './diagnosis.ts';
import type { HealthView } from './health.ts';
import type { LivenessView } from '../browser/liveness.ts';

export interface Facts {
  readonly isReady: boolean;
  readonly liveness: LivenessView;
  readonly lastReceivedAt: number | null;
  readonly health: HealthView;
  readonly now: number;
}

export const NO_BROWSER: EngineHealth = {
  checks: [{ name: 'browser', state: 'failed', detail: 'no browser is running for this session' }],
};

export function healthReport(facts: Facts): EngineHealth {
  return {
    checks: [
      browser(facts),
      page(facts),
      connection(facts),
      line(facts),
      listeners(facts),
      events(facts),
      missedMessages(facts),
    ],
  };
}

function browser({ liveness: { browser: state, version } }: Facts): HealthCheck {
  const name = 'browser';
  if (state === 'silent') return { name, state: 'failed', detail: 'it does not answer' };
  if (version === null) return { name, state: 'unknown', detail: 'it is starting' };
  return { name, state: 'ok', detail: `${version} answers` };
}

function page({ liveness: { page: state, silentMs }, health: { version } }: Facts): HealthCheck {
  const name = 'page';
  const silent = lasting(silentMs);
  const what = version === null ? 'WhatsApp Web' : `WhatsApp Web ${version}`;
  switch (state) {
    case 'answers':
      return { name, state: 'ok', detail: `${what} answers` };
    case 'silent':
      return { name, state: 'unknown', detail: `${what} has not answered for ${silent}` };
    case 'busy':
    case 'stuck':
      return { name, state: 'failed', detail: `${what} has been busy for ${silent} and answers later` };
    case 'hung':
      return { name, state: 'failed', detail: `${what} has hung for ${silent}` };
  }
}

const connection = ({ isReady }: Facts): HealthCheck =>
  isReady
    ? { name: 'connection', state: 'ok', detail: 'connected and synchronised' }
    : { name: 'connection', state: 'failed', detail: 'not connected to WhatsApp' };

function line(facts: Facts): HealthCheck {
  const name = 'line';
  const probe = facts.health.results.get('line');
  if (probe?.outcome === 'failed') return { name, state: 'failed', detail: "WhatsApp's server does not answer" };
  // The server is asked only if it has not said anything by itself.
  if (!facts.isReady || facts.lastReceivedAt === null) return { name, state: 'unknown', detail: 'not connected' };
  const asked = probe?.outcome === 'ok' ? probe.at : 0;
  const ago = lasting(facts.now - Math.max(asked, facts.lastReceivedAt));
  return { name, state: 'ok', detail: `last received data from WhatsApp's server ${ago} ago` };
}

function listeners({ health: { results }, now }: Facts): HealthCheck {
  const name = 'listeners';
  const probe = results.get(name);
  if (!probe) return { name, state: 'unknown', detail: 'not probed yet' };
  const ago = `${lasting(now - probe.at)} ago`;
  if (probe.outcome === 'ok') return { name, state: 'ok', detail: `an event arrived ${ago}` };
  if (probe.outcome === 'failed') return { name, state: 'failed', detail: `no event arrived ${ago}` };
  return { name, state: 'unknown', detail: 'this version of WhatsApp Web cannot be probed' };
}

const events = ({ lastReceivedAt, now }: Facts): HealthCheck =>
  lastReceivedAt === null
    ? { name: 'events', state: 'unknown', detail: 'none since the browser was started' }
    : { name: 'events', state: 'ok', detail: `last activity from WhatsApp ${lasting(now - lastReceivedAt)} ago` };

function missedMessages({ health: { results, diagnosis, unread }, now }: Facts): HealthCheck {
  const name = 'missed messages';
  const checked = results.get('missed_messages');
  if (diagnosis) return { name, state: 'failed', detail: diagnosis.words };
  if (unread > 0) return { name, state: 'failed', detail: unreadWords(unread) };
  if (checked?.outcome === 'ok')
    return { name, state: 'ok', detail: `none in WhatsApp Web's store ${lasting(now - checked.at)} ago` };
  if (checked?.outcome === 'failed') return { name, state: 'ok', detail: 'found and reported' };
  return { name, state: 'unknown', detail: 'not checked yet' };
}
