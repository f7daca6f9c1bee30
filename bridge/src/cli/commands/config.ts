import type { Command } from 'commander';
import { describeSettings } from '../../config/describe-settings.ts';
import { leaf } from '../command.ts';
import { table } from '../output.ts';

export function configCommand(program: Command): void {
  leaf(
    program,
    'config',
    'show the effective settings and where each came from; secrets only as whether they are set',
    ({ loaded, output }) => {
      const settings = describeSettings(loaded);
      output.result({ file: loaded.file, settings }, () =>
        table(
          ['SETTING', 'VALUE', 'FROM', 'MEANING'],
          settings.map(({ env, value, origin, secret, description }) => [
            env,
            secret ? (value ? '(set)' : '(not set)') : value,
            origin,
            description,
          ]),
          '',
        ),
      );
    },
  );
}
