import { Option, type Command } from 'commander';
import { toString } from 'qrcode';
import { DEFAULT_ENGINE, ENGINE_NAMES } from '../../contract/engines.ts';
import type { LoginCode, SessionHealth, SessionView } from '../../contract/views/session.ts';
import { sessionName } from '../arguments.ts';
import { addCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { layoutOf, localTime, members, table } from '../output.ts';
import { loginStateCommands } from './login-state.ts';
import { proxyFrom } from '../proxy-argument.ts';
import { nextStep, pairCommand, stateLine, readyLine, sessionPath, untilReady } from './linking.ts';

export function sessionCommands(program: Command): void {
  const session = program.command('session').description('linked WhatsApp accounts');

  addCommand(
    session,
    'add <name>',
    'add a session, show its QR code and wait until it is ready',
    async (context, [name], options) => {
      const added = await context.client().request<SessionView>('POST', '/v1/sessions', {
        body: {
          name: sessionName(name),
          engine: options['engine'],
          ...(options['proxy'] === undefined ? {} : { proxy: proxyFrom(options['proxy'] as string) }),
        },
      });
      if (options['wait'] === false) return context.output.result(added, stateLine(name!, added.state));
      const ready = await follow(context, name!);
      context.output.result(ready, readyLine(name!, ready));
    },
    [
      new Option('--engine <engine>', 'webjs (a real phone) or sandbox (a simulated one)')
        .choices(ENGINE_NAMES)
        .default(DEFAULT_ENGINE),
      new Option('--no-wait', 'do not wait until the code is scanned'),
      new Option(
        '--proxy <url>',
        'connect through a proxy (http, https or socks5); pass a URL with a login as @file or @- (standard input)',
      ),
    ],
  );

  addCommand(session, 'list', 'list sessions', async (context) => {
    const { sessions } = await context.client().request<{ sessions: readonly SessionView[] }>('GET', '/v1/sessions');
    context.output.result(sessions, () =>
      table(
        ['SESSION', 'ENGINE', 'STATE', 'SINCE', 'ACCOUNT'],
        sessions.map((each) => [
          each.name,
          engineOf(each),
          each.state,
          localTime(each.since),
          each.self?.phone ?? each.self?.chatId,
        ]),
        'There are no sessions. Add one with `wabridge session add <name>`.',
        sessions.map(noteOf),
      ),
    );
  });

  addCommand(session, 'show <name>', 'show a session', async (context, [name]) =>
    show(context, await context.client().request<SessionView>('GET', sessionPath(name!))),
  );

  addCommand(
    session,
    'health <name>',
    'show which parts of a session work; exits with 1 if one does not',
    async (context, [name]) => {
      const health = await context.client().request<SessionHealth>('GET', sessionPath(name!, '/health'));
      context.output.result(health, () =>
        table(
          ['CHECK', 'STATE', 'DETAIL'],
          health.checks.map((check) => [check.name, check.state, check.detail]),
          'There are no checks.',
        ),
      );
      if (!health.healthy) process.exitCode = 1;
    },
  );

  for (const [operation, description] of [
    ['start', 'start a session'],
    ['stop', 'stop a session; it stays linked'],
    ['logout', 'unlink the account from the phone'],
  ] as const) {
    addCommand(session, `${operation} <name>`, description, async (context, [name]) => {
      const after = await context.client().request<SessionView>('POST', sessionPath(name!, `/${operation}`));
      context.output.result(after, stateLine(name!, after.state));
    });
  }

  addCommand(
    session,
    'proxy <name> <url>',
    'set the proxy of a session (or `none`) from its next start; pass a URL with a login as @file or @-',
    async (context, [name, url]) => {
      const after = await context.client().request<SessionView>('PUT', sessionPath(name!, '/proxy'), {
        body: { proxy: url === 'none' ? null : proxyFrom(url!) },
      });
      context.output.result(
        after,
        `Session ${name} connects through ${after.proxy ?? 'no proxy'} from its next start.`,
      );
    },
  );

  addCommand(session, 'delete <name>', 'stop a session and remove it with its login state', async (context, [name]) => {
    await context.client().request('DELETE', sessionPath(name!));
    context.output.result({ deleted: name }, `Session ${name} is deleted. Its events and messages are kept.`);
  });

  addCommand(
    session,
    'qr <name>',
    'show the QR code of a session that is waiting for a scan',
    async (context, [name]) => {
      const qr = await context.client().request<LoginCode>('GET', sessionPath(name!, '/qr'));
      context.output.result(qr, await drawn(qr));
    },
  );

  loginStateCommands(session);
  pairCommand(session);
}

/** Shows each new QR code until the session is ready. @throws WabError if it ends in another state */
function follow(context: Context, name: string): Promise<SessionView> {
  return untilReady(context, name, 'qr', async (qr, { simulated }) => {
    context.output.note(await drawn(qr));
    context.output.note(
      simulated
        ? `This phone is simulated. Scan the code with \`wabridge sandbox scan ${name}\` in another terminal.`
        : 'On the phone: WhatsApp, Settings, Linked devices, Link a device. The code changes from time to time.',
    );
  });
}

/** Of a session that is not connected the state's own reason says more than what it was degraded by. */
function noteOf({ degraded, name, reason, state }: SessionView): string | null {
  if (state === 'ready') return degraded;
  return [reason, nextStep(name, state)].filter((part) => part !== null).join(' - ');
}

/** In black on white where colours are shown, which a dark terminal needs; in plain blocks elsewhere. */
const drawn = (qr: LoginCode): Promise<string> =>
  toString(qr.code, layoutOf().colour ? { type: 'terminal', small: true } : { type: 'utf8' });
const engineOf = (session: SessionView): string =>
  session.simulated ? `${session.engine} (simulated)` : session.engine;

function show(context: Context, session: SessionView): void {
  context.output.result(session, () =>
    members([
      ['session', session.name],
      ['engine', engineOf(session)],
      ['state', session.state],
      ['reason', session.reason],
      ['since', localTime(session.since)],
      ['account', session.self?.phone ?? session.self?.chatId],
      ['next', nextStep(session.name, session.state)],
      ['degraded', session.degraded],
      ['proxy', session.proxy],
    ]),
  );
}
