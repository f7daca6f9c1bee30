import type { Command } from 'commander';
import { addCommand } from '../command.ts';
import { withDatabase } from '../with-database.ts';

/** `key recover`: works on the data folder, without a bridge. */
export function recoverCommand(key: Command): void {
  addCommand(
    key,
    'recover',
    'make a new operator key if the one of this machine was revoked, lost or leaked; the bridge must be stopped',
    async (context) => {
      const { dataDir } = context.settings;
      const { recoverOperator } = await import('../../auth/recover-operator.ts');
      const recovered = await withDatabase(context, (database) => recoverOperator(dataDir, database, Date.now()));
      const { revoked } = recovered;
      const before = revoked.length === 0 ? '' : ` It replaces ${revoked.join(', ')}, which can no longer be used.`;
      context.output.result(recovered, `The operator key is now ${recovered.keyId}.${before} Start the bridge again.`);
    },
  );
}
