/** Waiting for a person to link a session's account: by the QR code drawn here, or by a pairing code. */
import { setTimeout as pause } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { WabError } from '../../contract/errors.ts';
import type { SessionName } from '../../contract/ids.ts';
import { getPairingCode } from '../../contract/operations/session/get-pairing-code.ts';
import { requestPairingCode } from '../../contract/operations/session/request-pairing-code.ts';
import { getSession } from '../../contract/operations/session/get.ts';
import type { LoginCode, SessionView } from '../../contract/views/session.ts';
import { sessionName } from '../arguments.ts';
import { addCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { localTime } from '../output.ts';
import { isProblem } from '../failure.ts';

const POLL_MS = 700;
const LOADING = 'The account is linked; its data is loading ...';
const END_STATES = ['failed', 'stopped', 'logged_out'];
export const sessionPath = (name: SessionName, rest: string): string => `/v1/sessions/${name}${rest}`;

/**
 * Shows each new code until the session is ready.
 *
 * @param source where the code is read
 * @throws WabError if it ends in another state
 */
export async function untilReady(
  context: Context,
  name: SessionName,
  source: 'qr' | 'pairing-code',
  show: (code: LoginCode, session: SessionView) => Promise<void> | void,
  shown = '',
): Promise<SessionView> {
  const client = context.client();
  let told = '';
  for (;;) {
    const now = await client.perform(getSession, { name });
    if (now.state === 'ready') return now;
    if (END_STATES.includes(now.state))
      throw new WabError('WAB_SESSION_STATE', {
        session: name,
        state: now.state,
        hint: [now.reason, nextStep(name, now.state)].filter((part) => part !== null).join('. '),
      });
    // Loading the data of an account can take long, and so can a network that is away.
    const waits = now.degraded ?? (now.state === 'connecting' ? LOADING : '');
    if (waits !== '' && waits !== told) context.output.note((told = waits));
    const code = now.state === 'awaiting_scan' ? await currentCode(context, name, source) : null;
    if (code !== null && code.code !== shown) {
      shown = code.code;
      await show(code, now);
    }
    await pause(POLL_MS);
  }
}

/** The code, or null if it was used or expired in between. */
async function currentCode(
  context: Context,
  name: SessionName,
  source: 'qr' | 'pairing-code',
): Promise<LoginCode | null> {
  const client = context.client();
  try {
    return source === 'qr'
      ? await client.request<LoginCode>('GET', sessionPath(name, '/qr'))
      : await client.perform(getPairingCode, { name });
  } catch (error) {
    if (isProblem(error, 'WAB_QR_NOT_AVAILABLE') || isProblem(error, 'WAB_PAIRING_CODE_NOT_AVAILABLE')) return null;
    throw error;
  }
}

/** What a person does about a session in this state; null if it goes on by itself. */
export function nextStep(name: string, state: string): string | null {
  switch (state) {
    case 'awaiting_scan':
      return `Link it: \`wabridge session qr ${name}\`, or \`wabridge session pair ${name} --phone <number>\`.`;
    case 'logged_out':
      return `The account is unlinked. Link it again: \`wabridge session start ${name}\`, then \`wabridge session qr ${name}\`.`;
    case 'failed':
      return `Fix the cause, then run \`wabridge session start ${name}\`.`;
    case 'stopped':
      return `Start it with \`wabridge session start ${name}\`.`;
    default:
      return null;
  }
}

/** The state of a session in a sentence, with what to do about it. */
export const stateLine = (name: string, state: string): string =>
  [`Session ${name} is ${state}.`, nextStep(name, state)].filter((part) => part !== null).join(' ');

export const readyLine = (name: string, session: SessionView): string =>
  `Session ${name} is ready${session.simulated ? ' (simulated: nothing here is WhatsApp)' : ''}.`;

/** `session pair`: links without a camera. */
export function pairCommand(session: Command): void {
  addCommand(
    session,
    'pair <name>',
    'link the account of a phone number: show a code to enter on that phone, and wait until the session is ready',
    async (context, [written], options) => {
      const client = context.client();
      const name = sessionName(written);
      const { simulated } = await client.perform(getSession, { name });
      const howTo = (code: LoginCode): string => instructions(name, code, simulated);
      const phone = options['phone'] as string;
      const first = await client.perform(requestPairingCode, { name, phone });
      if (options['wait'] === false) return context.output.result(first, howTo(first));
      context.output.note(howTo(first));
      const renewed = (code: LoginCode): void => context.output.note(`The code was renewed.\n${howTo(code)}`);
      const ready = await untilReady(context, name, 'pairing-code', renewed, first.code);
      context.output.result(ready, readyLine(name, ready));
    },
    [
      new Option('--phone <number>', 'the phone number of the account, with country code').makeOptionMandatory(),
      new Option('--no-wait', 'do not wait until the code is entered'),
    ],
  );
}

const instructions = (name: string, { code, expiresAt }: LoginCode, simulated: boolean): string =>
  `Code: ${code.slice(0, 4)}-${code.slice(4)} (until ${localTime(expiresAt)})\n${
    simulated
      ? `This phone is simulated. Enter the code on it with \`wabridge sandbox scan ${name} --code ${code}\` in another terminal.`
      : 'On the phone: WhatsApp, Settings, Linked devices, Link a device, Link with phone number instead; enter the code.'
  }`;
