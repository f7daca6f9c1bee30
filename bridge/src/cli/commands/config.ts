import { Option, type Command } from 'commander';
import { describeSettings } from '../../config/describe-settings.ts';
import { WabError } from '../../contract/errors.ts';
import { listSettings } from '../../contract/operations/setting/list.ts';
import type { SettingList, SettingView } from '../../contract/views/setting.ts';
import { UnreachableError } from '../client.ts';
import { addCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { table } from '../output.ts';

export function configCommand(program: Command): void {
  addCommand(
    program,
    'config',
    'show the settings of the running bridge, or those that a bridge started here would use; of a secret, only whether it is set',
    async (context, _args, { local, long }) => {
      const running = local === true ? null : await ofTheBridge(context);
      const described = running ?? describeSettings(context.loaded);
      context.output.note(
        running === null
          ? `${local === true ? '' : `No bridge answers at ${context.baseUrl}. `}A bridge started here would use:`
          : `The bridge at ${context.baseUrl} runs with:`,
      );
      context.output.result({ source: running === null ? 'here' : 'bridge', ...described }, () =>
        table(
          ['SETTING', 'VALUE', 'FROM'],
          described.settings.map((setting) => [setting.env, valueOf(setting), setting.origin]),
          '',
          long === true ? described.settings.map(({ description }) => description) : [],
        ),
      );
    },
    [
      new Option('--local', 'do not ask the bridge; show what the environment and files of this command set'),
      new Option('--long', 'also show what each setting means'),
    ],
  );
}

/** Null if no bridge answers here, or none was ever started. */
async function ofTheBridge(context: Context): Promise<SettingList | null> {
  try {
    return await context.client().perform(listSettings, {});
  } catch (error) {
    const absent = error instanceof UnreachableError || (error instanceof WabError && !context.hasKey);
    if (absent) return null;
    throw error;
  }
}

const valueOf = ({ secret, value }: SettingView): unknown => (secret ? (value ? '(set)' : '(not set)') : value);
