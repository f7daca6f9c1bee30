import { Option, type Command } from 'commander';
import { sessionName } from '../arguments.ts';
import { addCommand, wholeNumber } from '../command.ts';
import type { Context } from '../context.ts';
import { examine } from '../doctor.ts';
import type { Finding } from '../finding.ts';
import { coloured } from '../output.ts';
import { runLiveChecks } from '../live-checks.ts';
import { progressLine, reportText } from '../live/report.ts';

export function doctorCommand(program: Command): void {
  addCommand(
    program,
    'doctor',
    'check this machine and say what to fix; with --live, test a session against WhatsApp itself',
    async (context, _args, options) => {
      const session = options['live'] as string | undefined;
      return session === undefined ? checkMachine(context) : checkLive(context, session, options);
    },
    [
      new Option('--live <session>', 'test a linked session, and print a report to attach to a bug report'),
      new Option('--no-inbound', 'with --live: skip the checks that need a message from another phone'),
      new Option('--restart', 'with --live: also stop and start the session'),
      wholeNumber('--wait <seconds>', 'with --live: how many seconds to wait for a person (default 120)', 5, 3600),
    ],
  );
}

async function checkMachine(context: Context): Promise<void> {
  const findings = await examine(context);
  context.output.result(findings, () =>
    findings
      .map(
        ({ check, state, detail, todo }) =>
          `${mark(state)}  ${check}: ${detail}${todo === undefined ? '' : `\n      -> ${todo}`}`,
      )
      .join('\n'),
  );
  if (findings.some((finding) => finding.state === 'failed')) process.exitCode = 1;
}

function mark(state: Finding['state']): string {
  const word = state === 'ok' ? ' ok ' : state === 'warning' ? 'warn' : 'FAIL';
  return coloured(word);
}

async function checkLive(context: Context, session: string, options: Readonly<Record<string, unknown>>): Promise<void> {
  // On stderr, so that the report can go into a file while a person is told what to do.
  const tell = (text: string): void => void process.stderr.write(`${text}\n`);
  const report = await runLiveChecks(
    context.client(),
    {
      session: sessionName(session),
      inbound: options['inbound'] !== false,
      restart: options['restart'] === true,
      personMs: ((options['wait'] as number | undefined) ?? 120) * 1000,
    },
    { tell, done: (result) => tell(progressLine(result)) },
  );
  tell('');
  context.output.result(report, () => reportText(report));
  if (report.checks.some(({ state }) => state === 'failed')) process.exitCode = 1;
}
