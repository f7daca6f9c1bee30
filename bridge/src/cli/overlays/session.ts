import { deleteSession } from '../../contract/operations/session/delete.ts';
import { getSessionHealth } from '../../contract/operations/session/get-health.ts';
import { getSession } from '../../contract/operations/session/get.ts';
import { listSessions } from '../../contract/operations/session/list.ts';
import { logoutSession } from '../../contract/operations/session/logout.ts';
import { setSessionProxy } from '../../contract/operations/session/set-proxy.ts';
import { startSession } from '../../contract/operations/session/start.ts';
import { stopSession } from '../../contract/operations/session/stop.ts';
import type { SessionHealth, SessionView } from '../../contract/views/session.ts';
import { nextStep, pairCommand, stateLine } from '../commands/linking.ts';
import { loginStateCommands } from '../commands/login-state.ts';
import { addSessionCommand, qrCommand } from '../commands/session.ts';
import { commandOf, type CommandGroup } from '../operations.ts';
import { localTime } from '../output.ts';
import { proxyFrom } from '../proxy-argument.ts';
import { asLine, asMembers, asTable, tableOf, type Table } from '../show.ts';

const NAME = [{ field: 'name' }] as const;

const list = commandOf(listSessions, {
  name: 'list',
  description: 'list sessions',
  show: asTable(({ sessions }) => sessions, {
    columns: {
      SESSION: (session) => session.name,
      ENGINE: engineOf,
      STATE: (session) => session.state,
      SINCE: (session) => localTime(session.since),
      ACCOUNT: (session) => session.self?.phone ?? session.self?.chatId,
    },
    nothing: 'There are no sessions. Add one with `wabridge session add <name>`.',
    note: noteOf,
  }),
});

const show = commandOf(getSession, {
  name: 'show',
  description: 'show a session',
  arguments: NAME,
  show: asMembers((session) => [
    ['session', session.name],
    ['engine', engineOf(session)],
    ['state', session.state],
    ['reason', session.reason],
    ['since', localTime(session.since)],
    ['account', session.self?.phone ?? session.self?.chatId],
    ['next', nextStep(session.name, session.state)],
    ['degraded', session.degraded],
    ['proxy', session.proxy],
    ['settings', settingsOf(session)],
  ]),
});

const CHECKS: Table<SessionHealth['checks'][number]> = {
  columns: { CHECK: ({ name }) => name, STATE: ({ state }) => state, DETAIL: ({ detail }) => detail },
  nothing: 'There are no checks.',
};
const health = commandOf(getSessionHealth, {
  name: 'health',
  description: 'show which parts of a session work; exits with 1 if one does not',
  arguments: NAME,
  show: (result, { context }) => {
    context.output.result(result, () => tableOf(result.checks, CHECKS));
    if (!result.healthy) process.exitCode = 1;
  },
});

const showState = asLine(({ name, state }: SessionView) => stateLine(name, state));

const start = commandOf(startSession, {
  name: 'start',
  description: 'start a session',
  arguments: NAME,
  show: showState,
});

const stop = commandOf(stopSession, {
  name: 'stop',
  description: 'stop a session; it stays linked',
  arguments: NAME,
  show: showState,
});

const logout = commandOf(logoutSession, {
  name: 'logout',
  description: 'unlink the account from the phone',
  arguments: NAME,
  show: showState,
});

const proxy = commandOf(setSessionProxy, {
  name: 'proxy',
  description: 'set the proxy of a session (or `none`) from its next start; pass a URL with a login as @file or @-',
  arguments: [
    ...NAME,
    { field: 'proxy', as: 'url', parse: (written) => (written === 'none' ? null : proxyFrom(written)) },
  ],
  show: asLine(
    (after, { name }) => `Session ${name} connects through ${after.proxy ?? 'no proxy'} from its next start.`,
  ),
});

const remove = commandOf(deleteSession, {
  name: 'delete',
  description: 'stop a session and remove it with its login state',
  arguments: NAME,
  show: asLine(
    (_, { name }) => `Session ${name} is deleted. Its events and messages are kept.`,
    (_, { name }) => ({ deleted: name }),
  ),
});

export const sessionGroup: CommandGroup = {
  name: 'session',
  description: 'linked WhatsApp accounts',
  commands: [
    addSessionCommand,
    list,
    show,
    health,
    start,
    stop,
    logout,
    proxy,
    remove,
    qrCommand,
    loginStateCommands,
    pairCommand,
  ],
};

function settingsOf({ settings }: SessionView): string | null {
  const known = Object.entries(settings).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return known.length === 0 ? null : known.join(', ');
}

function engineOf({ engine, simulated }: SessionView): string {
  return simulated ? `${engine} (simulated)` : engine;
}

/** Of a session that is not connected the state's own reason says more than what it was degraded by. */
function noteOf({ degraded, name, reason, state }: SessionView): string | null {
  if (state === 'ready') return degraded;
  return [reason, nextStep(name, state)].filter((part) => part !== null).join(' - ');
}
