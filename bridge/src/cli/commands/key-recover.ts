import type { Command } from 'commander';
import { explained } from '../../ops/failure-cause.ts';
import { messageOf } from '../../ops/reason.ts';
import { addCommand } from '../command.ts';
import { requireDatabase } from '../context.ts';

/** `key recover`: works on the data folder, without a bridge. */
export function recoverCommand(key: Command): void {
  addCommand(
    key,
    'recover',
    'make a new operator key if the one of this machine was revoked, lost or leaked; the bridge must be stopped',
    async (context) => {
      const { dataDir } = context.settings;
      requireDatabase(dataDir);
      // Loaded only now: no other command needs the database.
      const { openDatabase } = await import('../../store/open-database.ts');
      const { recoverOperator } = await import('../../auth/recover-operator.ts');
      const recovered = await explained({ path: dataDir }, async () => {
        const died = (error: Error): void => context.output.note(messageOf(error));
        const database = await openDatabase({ dataDir, log: { error: () => undefined }, onFatal: died });
        try {
          return await recoverOperator(dataDir, database, Date.now());
        } finally {
          await database.close();
        }
      });
      const { revoked } = recovered;
      const before = revoked.length === 0 ? '' : ` It replaces ${revoked.join(', ')}, which can no longer be used.`;
      context.output.result(recovered, `The operator key is now ${recovered.keyId}.${before} Start the bridge again.`);
    },
  );
}
