/** Commands on sessions that draw a QR code. */
import { Option, type Command } from 'commander';
import { DEFAULT_ENGINE, ENGINE_NAMES, type EngineName } from '../../contract/engines.ts';
import type { SessionName } from '../../contract/ids.ts';
import { addSession } from '../../contract/operations/session/add.ts';
import type { LoginCode, SessionView } from '../../contract/views/session.ts';
import { sessionName } from '../arguments.ts';
import { addCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { layoutOf } from '../output.ts';
import { proxyFrom } from '../proxy-argument.ts';
import { settingsFrom } from '../settings-argument.ts';
import { readyLine, sessionPath, stateLine, untilReady } from './linking.ts';

/** `session add`: waits until the account is linked. */
export function addSessionCommand(session: Command): void {
  addCommand(
    session,
    'add <name>',
    'add a session, show its QR code and wait until it is ready',
    async (context, [written], options) => {
      const name = sessionName(written);
      const added = await context.client().perform(addSession, {
        name,
        engine: options['engine'] as EngineName,
        ...(options['proxy'] === undefined ? {} : { proxy: proxyFrom(options['proxy'] as string) }),
        ...(options['settings'] === undefined ? {} : { settings: settingsFrom(options['settings'] as string) }),
      });
      if (options['wait'] === false) return context.output.result(added, stateLine(name, added.state));
      const ready = await follow(context, name);
      context.output.result(ready, readyLine(name, ready));
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
      new Option('--settings <file>', 'JSON file with what the engine needs to know; - for standard input'),
    ],
  );
}

export function qrCommand(session: Command): void {
  addCommand(
    session,
    'qr <name>',
    'show the QR code of a session that is waiting for a scan',
    async (context, [name]) => {
      const qr = await context.client().request<LoginCode>('GET', sessionPath(sessionName(name), '/qr'));
      context.output.result(qr, await drawn(qr));
    },
  );
}

/** Shows each new QR code until the session is ready. @throws WabError if it ends in another state */
function follow(context: Context, name: SessionName): Promise<SessionView> {
  return untilReady(context, name, 'qr', async (qr, { simulated }) => {
    context.output.note(await drawn(qr));
    context.output.note(
      simulated
        ? `This phone is simulated. Scan the code with \`wabridge sandbox scan ${name}\` in another terminal.`
        : 'On the phone: WhatsApp, Settings, Linked devices, Link a device. The code changes from time to time.',
    );
  });
}

/** In black on white where colours are shown, which a dark terminal needs; in plain blocks elsewhere. */
async function drawn(qr: LoginCode): Promise<string> {
  // Loaded only now: no other command draws.
  const { toString } = await import('qrcode');
  return toString(qr.code, layoutOf().colour ? { type: 'terminal', small: true } : { type: 'utf8' });
}
