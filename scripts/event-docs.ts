/** The text of bridge/docs/events.md, from the event catalogue. */
import { EVENT_CATALOGUE, EVENT_TYPES, type EventType } from '../bridge/src/contract/events.ts';

const BEFORE = `# Events

Generated from \`bridge/src/contract/events/\` by \`scripts/write-docs.ts\`. Do not edit.

Every event has \`id\`, \`type\`, \`session\`, \`seq\`, \`occurredAt\`, \`chat\`, \`sender\` and \`data\`; \`data\` depends on the type. A
key without the scope \`messages:read\` gets the content of messages withheld (\`data: null\`, \`withheld: "scope"\`). Two
reports of the same fact are stored as one event.
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

function section(type: EventType): string {
  const { description, content, about, identity, data, example }: (typeof EVENT_CATALOGUE)[EventType] =
    EVENT_CATALOGUE[type];
  const required = new Set<string>(data.required);
  const fields = Object.entries(data.properties as Record<string, Property>).map(
    ([name, { description: words }]) =>
      `- \`${name}\`${required.has(name) ? '' : ' (optional)'}${words === undefined ? '' : `: ${words}`}`,
  );
  return [
    `## \`${type}\``,
    '',
    description,
    '',
    `- About: ${ABOUT[about.kind]}`,
    `- Content: ${content ? 'yes, needs `messages:read`' : 'no'}`,
    `- The same fact: ${sameFact(identity)}`,
    '',
    'Fields of `data`:',
    '',
    ...fields,
    '',
    `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\`\n`,
  ].join('\n');
}

function sameFact(identity: (typeof EVENT_CATALOGUE)[EventType]['identity']): string {
  if (identity.by === 'occurrence') return 'never; each report is a fact of its own';
  const fields = identity.fields.map((field) => `\`${field}\``);
  return [...(identity.by === 'message' ? ['the message, by any of its ids'] : []), ...fields].join(', ');
}

export const renderEventDocs = (): string => [BEFORE, ...EVENT_TYPES.map(section)].join('\n');
