import { issueKey } from '../../contract/operations/key/issue.ts';
import { listKeys } from '../../contract/operations/key/list.ts';
import { revokeKey } from '../../contract/operations/key/revoke.ts';
import { ALL_SCOPES, N8N_SCOPES } from '../../contract/scopes.ts';
import type { KeyView } from '../../contract/views/key.ts';
import { futureTime, knownList, sessionList } from '../arguments.ts';
import { recoverCommand } from '../commands/key-recover.ts';
import { commandOf, type CommandGroup } from '../operations.ts';
import { localTime } from '../output.ts';
import { asLine, asTable } from '../show.ts';

const issue = commandOf(issueKey, {
  name: 'issue',
  description: 'issue a key and show its secret, only this once (default scopes: those that n8n needs)',
  options: {
    name: ['--name <name>', 'what it is for'],
    scopes: knownList('--scopes <list>', `comma-separated: ${ALL_SCOPES.join(', ')}`, 'scope', ALL_SCOPES),
    sessions: sessionList('--sessions <list>', 'sessions it may use, comma-separated (default: all)'),
    expiresAt: futureTime('--expires <time>', 'when it expires, ISO 8601'),
  },
  defaults: { name: 'n8n', scopes: [...N8N_SCOPES] },
  show: (issued, { context }) => {
    context.output.note(
      `Key ${issued.key.keyId} (${issued.key.scopes.join(', ')}). Its secret is shown only this once:`,
    );
    context.output.result(issued, issued.secret);
  },
});

const list = commandOf(listKeys, {
  name: 'list',
  description: 'list keys',
  show: asTable(({ keys }) => keys, {
    columns: {
      KEY: (key) => key.keyId,
      NAME: (key) => key.name,
      STATE: stateOf,
      ENDS: (key) => localTime(key.expiresAt),
      SESSIONS: (key) => key.sessions ?? 'all',
      'LAST USED': (key) => localTime(key.lastUsedAt),
    },
    nothing: 'There are no keys.',
    note: ({ scopes }) => scopes.join(', '),
  }),
});

const revoke = commandOf(revokeKey, {
  name: 'revoke',
  description: 'revoke a key; its streams close within a second',
  arguments: [{ field: 'keyId' }],
  show: asLine(({ keyId }) => `Key ${keyId} is revoked.`),
});

export const keyGroup: CommandGroup = {
  name: 'key',
  description: 'signing keys',
  commands: [issue, recoverCommand, list, revoke],
};

function stateOf({ revokedAt, expiresAt }: KeyView): string {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'valid';
}
