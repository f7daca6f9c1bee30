/** The text of bridge/docs/operations.md, from the operation catalogues, the command line and what the engines can do. */
import { GROUPS, SINGLE_COMMANDS, WITHOUT_COMMAND } from '../bridge/src/cli/overlays/overlays.ts';
import { ENGINE_NAMES } from '../bridge/src/contract/engines.ts';
import { goesThroughOutbox, isAskedAtOnce, type Operation } from '../bridge/src/contract/operation.ts';
import { OPERATIONS } from '../bridge/src/contract/operations/operations.ts';
import { DRIVER_OPERATIONS } from '../bridge/src/engine/sandbox/driver/driver.ts';
import { ENGINES } from './engine-capabilities.ts';
import { tableSection } from './table-section.ts';

const BEFORE = `# Operations

Generated from \`bridge/src/contract/operations/\` and the engines' capabilities by \`scripts/write-docs.ts\`. Do not edit.

Every operation is a request over HTTP below \`/v1\`, signed by a key with its scope. The [OpenAPI document](openapi.json) has the
fields, \`wabridge <command> --help\` the arguments. A session's \`capabilities.operations\` lists what its engine can do; the
others are refused with \`WAB_OPERATION_UNSUPPORTED\`.
`;

/** Who carries operations out, in the order of the page. */
const SECTIONS: readonly {
  readonly title: string;
  readonly text: string;
  readonly operations: readonly Operation[];
  readonly byEngines: boolean;
}[] = [
  {
    title: 'Promised by the outbox',
    text: 'Stored before the answer, then carried out by the engine of the session, in the order of the chat. The outcome is an event.',
    operations: OPERATIONS.filter(goesThroughOutbox),
    byEngines: true,
  },
  {
    title: 'Done by the engine at once',
    text: 'Carried out once, before the answer, or refused. Nothing is stored or repeated.',
    operations: OPERATIONS.filter(isAskedAtOnce),
    byEngines: true,
  },
  {
    title: 'Done by the bridge',
    text: 'The same with every engine.',
    operations: OPERATIONS.filter(({ via }) => via === 'bridge'),
    byEngines: false,
  },
  {
    title: 'On the simulated phones',
    text: 'Only for sessions of the engine `sandbox`: what other people, the owner of the account and a bad network do. Nothing here is WhatsApp.',
    operations: DRIVER_OPERATIONS,
    byEngines: false,
  },
];

const COMMANDS: ReadonlyMap<string, string> = new Map([
  ...SINGLE_COMMANDS.map(({ name, operation }) => [operation.id, name] as const),
  ...GROUPS.flatMap(({ name: group, commands }) =>
    commands.flatMap((command) =>
      typeof command === 'function' ? [] : [[command.operation.id, `${group} ${command.name}`] as const],
    ),
  ),
]);

function commandOf({ id }: Operation): string {
  const command = COMMANDS.get(id);
  // The reason to have none names the command that does more.
  return command === undefined ? (WITHOUT_COMMAND as Readonly<Record<string, string>>)[id]! : `\`${command}\``;
}

const routeOf = ({ http: { method, path, type } }: Operation): string =>
  `\`${method} ${path}\`${type === undefined ? '' : `, type \`${type}\``}`;

function row(operation: Operation, byEngines: boolean): readonly string[] {
  const { id, summary, scope } = operation;
  const engines = ENGINE_NAMES.map((name) =>
    (ENGINES[name].operations as readonly string[]).includes(id) ? 'yes' : 'no',
  );
  return [
    `\`${id}\``,
    summary,
    routeOf(operation),
    scope === 'any' ? 'any' : `\`${scope}\``,
    commandOf(operation),
    ...(byEngines ? engines : []),
  ];
}

function section({ title, text, operations, byEngines }: (typeof SECTIONS)[number]): string {
  const headings = ['operation', 'what it does', 'HTTP', 'scope', 'command', ...(byEngines ? ENGINE_NAMES : [])];
  return tableSection({ title, text, headings, rows: operations.map((operation) => row(operation, byEngines)) });
}

export const renderOperationDocs = (): string => [BEFORE, ...SECTIONS.map(section)].join('\n');
