import { Option, type Command } from 'commander';
import { recoverOperator } from '../../auth/recover-operator.ts';
import { ALL_SCOPES, N8N_SCOPES } from '../../contract/scopes.ts';
import type { IssuedKey, KeyView } from '../../contract/views/key.ts';
import { explained } from '../../ops/failure-cause.ts';
import { messageOf } from '../../ops/reason.ts';
import { openDatabase } from '../../store/open-database.ts';
import { requireDatabase } from '../context.ts';
import { futureTime, keyId, knownList, sessionList } from '../arguments.ts';
import { addCommand } from '../command.ts';
import { localTime, table } from '../output.ts';

export function keyCommands(program: Command): void {
  const key = program.command('key').description('signing keys');

  addCommand(
    key,
    'issue',
    'issue a key and show its secret, only this once (default scopes: those that n8n needs)',
    async (context, _args, options) => {
      const { name = 'n8n', scopes = N8N_SCOPES, sessions = null, expires = null } = options;
      const issued = await context.client().request<IssuedKey>('POST', '/v1/keys', {
        body: { name, scopes, sessions, expiresAt: expires },
      });
      context.output.note(
        `Key ${issued.key.keyId} (${issued.key.scopes.join(', ')}). Its secret is shown only this once:`,
      );
      context.output.result(issued, issued.secret);
    },
    [
      new Option('--name <name>', 'what it is for'),
      knownList('--scopes <list>', `comma-separated: ${ALL_SCOPES.join(', ')}`, 'scope', ALL_SCOPES),
      sessionList('--sessions <list>', 'sessions it may use, comma-separated (default: all)'),
      futureTime('--expires <time>', 'when it expires, ISO 8601'),
    ],
  );

  addCommand(
    key,
    'recover',
    'make a new operator key if the one of this machine was revoked, lost or leaked; the bridge must be stopped',
    async (context) => {
      const { dataDir } = context.settings;
      requireDatabase(dataDir);
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

  addCommand(key, 'list', 'list keys', async (context) => {
    const { keys } = await context.client().request<{ keys: readonly KeyView[] }>('GET', '/v1/keys');
    context.output.result(keys, () =>
      table(
        ['KEY', 'NAME', 'STATE', 'ENDS', 'SESSIONS', 'LAST USED'],
        keys.map((each) => [
          each.keyId,
          each.name,
          stateOf(each),
          localTime(each.expiresAt),
          each.sessions ?? 'all',
          localTime(each.lastUsedAt),
        ]),
        'There are no keys.',
        keys.map(({ scopes }) => scopes.join(', ')),
      ),
    );
  });

  addCommand(key, 'revoke <keyId>', 'revoke a key; its streams close within a second', async (context, [id]) => {
    const revoked = await context.client().request<KeyView>('DELETE', `/v1/keys/${keyId(id)}`);
    context.output.result(revoked, `Key ${revoked.keyId} is revoked.`);
  });
}

const stateOf = (key: KeyView): string =>
  key.revokedAt !== null
    ? 'revoked'
    : key.expiresAt !== null && Date.parse(key.expiresAt) <= Date.now()
      ? 'expired'
      : 'valid';
