/** The first live checks: does the bridge answer, is the session ready, does it call itself healthy. */
import { getSessionHealth } from '../../contract/operations/session/get-health.ts';
import type { SessionHealth } from '../../contract/views/session.ts';
import { whoami } from '../../contract/operations/whoami/get.ts';
import type { Live, LiveCheck } from './live.ts';
import { failed, ok, type Outcome, seconds } from './report.ts';

const MAX_SKEW_MS = 30_000;

async function bridge(live: Live): Promise<Outcome> {
  const asked = Date.now();
  const { serverTime } = await live.client.perform(whoami, {});
  const tookMs = Date.now() - asked;
  const skewMs = Math.abs(Date.parse(serverTime) - Date.now());
  if (skewMs > MAX_SKEW_MS)
    return failed(`it answers, but its clock is off by ${seconds(skewMs)}`, 'Set both clocks (NTP).');
  return ok(`it answers within ${seconds(tookMs)}, and its clock agrees`);
}

async function session(live: Live): Promise<Outcome> {
  const now = await live.session();
  if (now.self?.name !== undefined) live.names.add(now.self.name);
  live.memory.session = now;
  // What does not work as it should shows in the checks that follow.
  if (now.state === 'ready' && now.self !== null)
    return ok(now.degraded === null ? 'ready' : `ready, but degraded: ${now.degraded}`);
  return failed(
    `${now.state}: ${now.reason}`,
    now.state === 'awaiting_scan'
      ? 'Link it first: wabridge session qr <name>'
      : 'Start it, or see the runbook: wabridge session start <name>',
  );
}

async function health(live: Live): Promise<Outcome> {
  const { healthy, checks } = await live.client.perform(getSessionHealth, { name: live.options.session });
  const told = checks.map(({ name, state, detail }) => `${name} ${state} (${detail})`).join('; ');
  if (healthy) return ok(told);
  return failed(
    told,
    'Wait a minute, because the bridge repairs sessions by itself, and run this again; then see the runbook.',
  );
}

/** What the versions are, by the sentences of the session's health; null if it does not tell. */
export async function versionsOf(live: Live): Promise<{ browser: string | null; whatsappWeb: string | null }> {
  const { checks } = await live.client
    .perform(getSessionHealth, { name: live.options.session })
    .catch((): SessionHealth => ({ healthy: false, checks: [] }));
  const all = checks.map(({ detail }) => detail).join('\n');
  return {
    browser: /\b(?:Headless)?Chrom(?:e|ium)\/[\d.]+/.exec(all)?.[0] ?? null,
    whatsappWeb: /WhatsApp Web (\d[\w.-]*\d)/.exec(all)?.[1] ?? null,
  };
}

export const stateChecks: readonly LiveCheck[] = [
  { name: 'bridge', run: bridge },
  { name: 'session', needs: ['bridge'], run: session },
  { name: 'health', needs: ['session'], run: health },
];
