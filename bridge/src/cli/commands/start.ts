import type { Command } from 'commander';
import type { Settings } from '../../config/settings.ts';
import { ENGINE_NAMES } from '../../contract/engines.ts';
import { addCommand, listOption, wholeNumber } from '../command.ts';

export function startCommand(program: Command): void {
  addCommand(
    program,
    'start',
    'run the bridge in this terminal until Ctrl-C',
    async (context, _args, { engines, port }) => {
      const overrides = {
        ...(engines === undefined ? {} : { engines }),
        ...(port === undefined ? {} : { port }),
      } as Partial<Settings>;
      // Loaded only now: the other commands need nothing of the bridge itself.
      const { runBridge } = await import('../../run-bridge.ts');
      await runBridge(context.load(overrides));
    },
    [
      listOption('--engines <list>', `engines to enable: ${ENGINE_NAMES.join(', ')}`),
      wholeNumber('--port <port>', 'port to listen on; 0 lets the system choose', 0, 65_535),
    ],
  );
}
