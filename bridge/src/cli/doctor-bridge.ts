/** What a bridge that runs knows of its own troubles: sessions without an account, events and messages that were given up. */
import { MAX_LIST_LIMIT } from '../contract/defaults.ts';
import { listDeadLetters } from '../contract/operations/dead-letter/list.ts';
import { listOutboxMessages } from '../contract/operations/outbox/list.ts';
import { listSessions } from '../contract/operations/session/list.ts';
import type { Context } from './context.ts';
import { nextStep } from './commands/linking.ts';
import { ok, warning, type Result } from './finding.ts';
import { localTime } from './output.ts';

/** Failed messages are listed for days; older ones are not news. */
const RECENT_MS = 24 * 3_600_000;

/** Sessions that do not work and do not mend themselves; one that somebody stopped is as it should be. */
export async function checkSessions(context: Context): Promise<Result> {
  const { sessions } = await context.client().perform(listSessions, {});
  if (sessions.length === 0) return ok('none yet');
  const troubled = sessions.filter(({ state }) => ['logged_out', 'failed', 'awaiting_scan'].includes(state));
  const degraded = sessions.filter(({ degraded: reason, state }) => state === 'ready' && reason !== null);
  if (troubled.length === 0 && degraded.length === 0) return ok(`${sessions.length}, none needs attention`);
  const details = [
    ...troubled.map(({ name, state }) => `${name} is ${state}`),
    ...degraded.map(({ name, degraded: reason }) => `${name} is degraded (${reason})`),
  ];
  const todo = [
    ...troubled.map(({ name, state }) => nextStep(name, state)),
    ...degraded.map(({ name }) => `Look at \`wabridge session health ${name}\`.`),
  ];
  return warning(details.join(', '), todo.filter((step) => step !== null).join(' '));
}

/** Events that no workflow took. */
export async function checkDeadLetters(context: Context): Promise<Result> {
  const { deadLetters } = await context.client().perform(listDeadLetters, { limit: MAX_LIST_LIMIT });
  const [newest] = deadLetters;
  if (newest === undefined) return ok('none');
  return warning(
    `${atLeast(deadLetters.length)}, the newest of ${localTime(newest.createdAt)}`,
    'Fix the workflow that refused them, then `wabridge dead-letters list` and `redrive` or `discard` each.',
  );
}

/** Messages that did not go out, or of which nobody knows. */
export async function checkSends(context: Context): Promise<Result> {
  const { messages } = await context.client().perform(listOutboxMessages, {
    state: 'failed,in_doubt',
    limit: MAX_LIST_LIMIT,
  });
  const since = Date.now() - RECENT_MS;
  const failed = messages.filter(({ state, createdAt }) => state === 'failed' && Date.parse(createdAt) > since).length;
  const inDoubt = messages.filter(({ state }) => state === 'in_doubt').length;
  if (failed + inDoubt === 0) return ok('none failed in the last 24 hours, none is in doubt');
  const details = [
    ...(failed > 0 ? [`${atLeast(failed)} failed in the last 24 hours`] : []),
    ...(inDoubt > 0 ? [`${atLeast(inDoubt)} in doubt`] : []),
  ];
  return warning(
    details.join(', '),
    'See why with `wabridge outbox list --state failed,in_doubt`; settle those in doubt with `wabridge outbox resolve`.',
  );
}

const atLeast = (count: number): string => (count >= MAX_LIST_LIMIT ? `${count} or more` : String(count));
