/** The text of bridge/docs/events.md, from the event catalogue and what the engines can report. */
import { ENGINE_NAMES } from '../bridge/src/contract/engines.ts';
import { EVENT_CATALOGUE, EVENT_TYPES, type EventType } from '../bridge/src/contract/events.ts';
import { kindOf, MESSAGE_KINDS, type MessageKind } from '../bridge/src/contract/kinds.ts';
import { object } from '../bridge/src/contract/schema.ts';
import { ENGINES } from './engine-capabilities.ts';
import { tableSection } from './table-section.ts';

const BEFORE = `# Events

Generated from \`bridge/src/contract/events/\` and \`kinds/\` and the engines' capabilities by \`scripts/write-docs.ts\`. Do not edit.

Every event has \`id\`, \`type\`, \`session\`, \`seq\`, \`occurredAt\`, \`chat\`, \`sender\` and \`data\`; \`data\` depends on the type. A
key without the scope \`messages:read\` gets the content of messages withheld (\`data: null\`, \`withheld: "scope"\`). Two
reports of the same fact are stored as one event.
`;

/** Who reports events, in the order of the page. */
const REPORTERS = [
  {
    title: 'Reported by the engines',
    text: "What happens on WhatsApp. A session's `capabilities.events` lists what its engine can report.",
    by: 'engine',
    engines: ENGINE_NAMES,
  },
  { title: 'Reported by the bridge', text: 'The same with every engine.', by: 'bridge', engines: [] },
] as const;

function table({ title, text, by, engines }: (typeof REPORTERS)[number]): string {
  const headings = ['event', 'what happened', ...engines];
  const rows = EVENT_TYPES.filter((type) => EVENT_CATALOGUE[type].reportedBy === by).map((type) => [
    `\`${type}\``,
    EVENT_CATALOGUE[type].description,
    ...engines.map((engine) => ((ENGINES[engine].events as readonly string[]).includes(type) ? 'yes' : 'no')),
  ]);
  return tableSection({ title, text, headings, rows });
}

const KINDS = `## Kinds of messages

\`data.kind\` says what a message is, and \`data\` has the fields of that kind. In all kinds \`text\` is what a person reads, and
\`media\` is a file, which is read with \`GET /v1/media/{mediaId}\`.
`;

const ABOUT = {
  message: 'a message; kept in order with its chat',
  chat: 'a chat; kept in order with it',
  session: 'a session; it has no chat',
  bridge: 'the bridge; it has neither session nor chat',
};

interface Property {
  readonly description?: string;
}
interface AnyObject {
  readonly properties: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly AnyObject[];
}

function section(type: EventType): string {
  const { description, content, about, identity, data, example }: (typeof EVENT_CATALOGUE)[EventType] =
    EVENT_CATALOGUE[type];
  return [
    `## \`${type}\``,
    '',
    description,
    '',
    `- About: ${ABOUT[about.kind]}`,
    `- Content: ${content ? 'yes, needs `messages:read`' : 'no'}`,
    `- The same fact: ${sameFact(identity)}`,
    '',
    ...fieldsOf(data as AnyObject),
    '',
    `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\`\n`,
  ].join('\n');
}

function sameFact(identity: (typeof EVENT_CATALOGUE)[EventType]['identity']): string {
  if (identity.by === 'occurrence') return 'never; each report is a fact of its own';
  const fields = identity.fields.map((field) => `\`${field}\``);
  return [...(identity.by === 'message' ? ['the message, by any of its ids'] : []), ...fields].join(', ');
}

/** Data that is one of several objects is so by the kind of the message; the fields of each are in a section of their own. */
function fieldsOf(data: AnyObject): readonly string[] {
  if (data.anyOf === undefined) return ['Fields of `data`:', '', ...listed(data)];
  const [first, ...others] = data.anyOf;
  const shared = Object.entries(first!.properties).filter(([name]) => others.every((each) => name in each.properties));
  return [
    'Fields of `data`, besides those of its [kind](#kinds-of-messages):',
    '',
    ...listed({ properties: Object.fromEntries(shared), required: first!.required ?? [] }),
  ];
}

function listed({ properties, required = [] }: AnyObject): readonly string[] {
  return Object.entries(properties).map(
    ([name, { description }]) =>
      `- \`${name}\`${required.includes(name) ? '' : ' (optional)'}${description === undefined ? '' : `: ${description}`}`,
  );
}

const kindSection = (kind: MessageKind): string => {
  const { description, fields, example } = kindOf(kind);
  return [
    `### \`${kind}\``,
    '',
    description,
    '',
    ...listed(object(fields)),
    '',
    `\`\`\`json\n${JSON.stringify({ kind, ...example }, null, 2)}\n\`\`\`\n`,
  ].join('\n');
};

export const renderEventDocs = (): string =>
  [BEFORE, ...REPORTERS.map(table), ...EVENT_TYPES.map(section), KINDS, ...MESSAGE_KINDS.map(kindSection)].join('\n');
