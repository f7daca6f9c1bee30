/**
 * `wabridge doctor --live`: what only a real account can prove, tried through the bridge's own API like any client. The
 * parts are in `live/`. Nothing of what is sent goes to anybody but the account itself, and the person who answers the code.
 */
import { arch, platform, release } from 'node:os';
import { messageOf } from '../ops/reason.ts';
import { whoami } from '../contract/operations/whoami/get.ts';
import type { BridgeClient } from './client.ts';
import { EventWatch } from './live/event-watch.ts';
import { inboundChecks } from './live/inbound.ts';
import { Live, type LiveCheck, type LiveOptions } from './live/live.ts';
import { masker } from './live/masking.ts';
import { ownChatChecks } from './live/own-chat.ts';
import { type CheckResult, failed, type LiveReport, notRun, type Outcome } from './live/report.ts';
import { restartChecks } from './live/restart.ts';
import { stateChecks, versionsOf } from './live/state.ts';
import { ProblemError } from './client.ts';

const CHECKS: readonly LiveCheck[] = [...stateChecks, ...ownChatChecks, ...inboundChecks, ...restartChecks];

/** Names of the checks, in the order in which they run. */
export const LIVE_CHECK_NAMES: readonly string[] = CHECKS.map(({ name }) => name);

export interface LiveIo {
  /** Says something to the person in front of the terminal. */
  readonly tell: (text: string) => void;
  /** Called with each result as it comes, masked. */
  readonly done: (result: CheckResult) => void;
}

/**
 * Runs every check in order; one that fails does not keep the others from running, unless they build on it.
 *
 * @throws ProblemError, UnreachableError where the bridge does not let itself be asked at all
 */
export async function runLiveChecks(client: BridgeClient, options: LiveOptions, io: LiveIo): Promise<LiveReport> {
  const { version } = await client.perform(whoami, {});
  const live = new Live(client, options, await EventWatch.open(client, options.session), io.tell);
  const results: CheckResult[] = [];
  const mask = (text: string): string =>
    masker(new Map([[options.session, '<session>'], ...[...live.names].map((name) => [name, '<name>'] as const)]))(
      text,
    );

  for (const check of CHECKS) {
    const result = masked(await runOne(check, live, results), mask);
    results.push(result);
    io.done(result);
  }
  const { browser, whatsappWeb } = await versionsOf(live);
  return {
    at: new Date().toISOString(),
    engine: live.memory.session?.engine ?? 'unknown',
    simulated: live.memory.session?.simulated ?? false,
    versions: {
      wabridge: version,
      node: process.versions.node,
      os: `${platform()} ${release()} ${arch()}`,
      browser,
      whatsappWeb,
    },
    // Once more: a name that came up late may stand in an early detail.
    checks: results.map((result) => masked(result, mask)),
  };
}

async function runOne(check: LiveCheck, live: Live, before: readonly CheckResult[]): Promise<CheckResult> {
  const missing = check.needs?.find((name) => before.find((each) => each.check === name)?.state !== 'ok');
  if (missing !== undefined) {
    const earlier = before.find((each) => each.check === missing);
    const detail = earlier?.state === 'not_run' ? earlier.detail : `"${missing}" did not work`;
    return { check: check.name, ms: null, ...notRun(detail) };
  }
  const began = Date.now();
  const outcome = await check.run(live).catch(failureOf);
  const ms = outcome.state === 'not_run' ? null : Date.now() - began;
  return { check: check.name, ...outcome, ms };
}

function failureOf(error: unknown): Outcome {
  const message = messageOf(error);
  return error instanceof ProblemError
    ? failed(`${message} (${error.code})`, 'Do what the message says.')
    : failed(message, 'Check the log of the bridge.');
}

function masked(result: CheckResult, mask: (text: string) => string): CheckResult {
  return {
    ...result,
    detail: mask(result.detail),
    ...(result.todo === undefined ? {} : { todo: mask(result.todo) }),
  };
}
