import type { Command } from 'commander';
import { leaf } from '../command.ts';
import { examine } from '../doctor.ts';

export function doctorCommand(program: Command): void {
  leaf(program, 'doctor', 'check this machine and say what to do', async (context) => {
    const findings = await examine(context);
    context.output.result(findings, () =>
      findings
        .map(
          ({ check, state, detail, todo }) =>
            `${state === 'ok' ? ' ok ' : state === 'warning' ? 'warn' : 'FAIL'}  ${check}: ${detail}${todo === undefined ? '' : `\n      -> ${todo}`}`,
        )
        .join('\n'),
    );
    if (findings.some((finding) => finding.state === 'failed')) process.exitCode = 1;
  });
}
