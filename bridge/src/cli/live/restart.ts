/** Live checks of a restart: the login is kept, what was written meanwhile is caught up, what was to be sent goes out. */
import { setTimeout as pause } from 'node:timers/promises';
import { startSession } from '../../contract/operations/session/start.ts';
import { stopSession } from '../../contract/operations/session/stop.ts';
import { isTaken, type Live, type LiveCheck, notTaken, says } from './live.ts';
import { failed, notRun, ok, type Outcome, seconds } from './report.ts';

const STOP_MS = 60_000;
const READY_MS = 180_000;
const CAUGHT_UP_MS = 120_000;
const POLL_MS = 500;
/** Long enough to pick up a phone and write four digits. */
const WRITE_MS = 30_000;

async function restart(live: Live): Promise<Outcome> {
  if (!live.options.restart) return notRun('skipped (needs --restart)');
  await live.client.perform(stopSession, { name: live.options.session });
  try {
    if (!(await reaches(live, ['stopped'], STOP_MS)))
      return failed('it did not stop', 'Check the log of the bridge; report it.');
    const held = await live.post({ type: 'text', to: live.ownChat, text: 'wabridge live check: sent while stopped.' });
    live.memory.meanwhile = { held, code: live.options.inbound ? await askMeanwhile(live) : null };
  } finally {
    // Whatever happened: nobody is left with a session that a check has stopped.
    await live.client.perform(startSession, { name: live.options.session });
  }
  const started = Date.now();
  const state = await reaches(live, ['ready', 'awaiting_scan', 'logged_out', 'failed'], READY_MS);
  if (state === 'ready') return ok(`stopped, started, and ready without a scan after ${seconds(Date.now() - started)}`);
  if (state === 'awaiting_scan')
    return failed('it needs a new scan: the login was lost', 'Link it again, and report this.');
  return failed(
    `it did not become ready (${state ?? (await live.session()).state})`,
    'See `wabridge session show` and the runbook.',
  );
}

async function askMeanwhile(live: Live): Promise<string> {
  const code = live.newCode();
  live.tell(`\nThe session is stopped. Write to it once more, within ${WRITE_MS / 1000} s: wabridge ${code}`);
  await pause(Math.min(WRITE_MS, live.options.personMs));
  return code;
}

async function reaches(live: Live, states: readonly string[], timeoutMs: number): Promise<string | null> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const { state } = await live.session();
    if (states.includes(state)) return state;
    if (Date.now() > end) return null;
    await pause(POLL_MS);
  }
}

async function heldSend(live: Live): Promise<Outcome> {
  const { meanwhile } = live.memory;
  if (!meanwhile) return notRun('no message was queued while it was stopped');
  const sent = await live.settled(meanwhile.held, CAUGHT_UP_MS);
  return isTaken(sent) ? ok('the message queued while it was stopped was sent after the start') : notTaken(sent);
}

async function catchUp(live: Live): Promise<Outcome> {
  const code = live.memory.meanwhile?.code ?? null;
  if (code === null) return notRun('skipped (--no-inbound)');
  const event = await live.watch.until(says(code), CAUGHT_UP_MS);
  if (event) return ok('the message written while it was stopped is in the log');
  return failed('the message written while it was stopped did not arrive', 'If a message was written, report this.');
}

export const restartChecks: readonly LiveCheck[] = [
  { name: 'restart', needs: ['session'], run: restart },
  { name: 'held send', needs: ['restart'], run: heldSend },
  { name: 'catch-up', needs: ['restart'], run: catchUp },
];
