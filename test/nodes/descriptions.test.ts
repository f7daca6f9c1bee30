/** What a person reads of the nodes: lists, what stands below a node on the canvas, and what an AI is told of the tool. */
import { expect, test } from '@jest/globals';
import { NodeHelpers, type INode, type INodeProperties, type INodePropertyOptions } from 'n8n-workflow';
import { WaBridge } from '../../nodes/WaBridge/WaBridge.node';
import { WaBridgeTrigger } from '../../nodes/WaBridgeTrigger/WaBridgeTrigger.node';
import { EVENT_TYPES } from '../../nodes/shared/contract.generated';
import { problemError } from '../../nodes/shared/transport/problem';
import { ACTION, node, TRIGGER, workflowOf } from './support/n8n';

const action = new WaBridge().description;
const trigger = new WaBridgeTrigger().description;
const optionsOf = (property: INodeProperties | undefined): INodePropertyOptions[] =>
  (property?.options ?? []) as INodePropertyOptions[];
const operations = action.properties
  .filter(({ name }) => name === 'operation')
  .flatMap((property) =>
    optionsOf(property).map((option) => ({
      resource: property.displayOptions?.show?.['resource']?.[0] as string,
      operation: String(option.value),
      option,
    })),
  );

/** As the editor evaluates it, with the node's own parameters and no execution. */
function subtitleOf(of: INode, subtitle: string | undefined): unknown {
  return workflowOf([of]).expression.getSimpleParameterValue(of, subtitle, 'internal', {});
}

test('the events stand in the order of the catalogue, the message that arrived first, in title case', () => {
  const events = optionsOf(trigger.properties.find(({ name }) => name === 'events'));
  expect(events.map(({ value }) => value)).toEqual(Object.keys(EVENT_TYPES));
  expect(events[0]).toMatchObject({ name: 'Message Received', value: 'message.received' });
  const names = events.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['Session QR Issued', 'Outbox in Doubt']));
  for (const name of names) expect(name).toMatch(/^(?:[A-Z][A-Za-z]*|in)(?: (?:[A-Z][A-Za-z]*|in))*$/);
  // A person in the editor has no use for a path of the API.
  for (const { description } of events) expect(description).not.toMatch(/\/v1\//);
});

test('below a node on the canvas there are words', () => {
  for (const { resource, operation } of operations) {
    const subtitle = subtitleOf(node('A', ACTION, { resource, operation }), action.subtitle);
    expect(subtitle).toMatch(/^(Chat|Message|Session): [A-Z][A-Za-z]*( [A-Za-z]+)*$/);
  }
  expect(subtitleOf(node('A', ACTION, { resource: 'message', operation: 'sendText' }), action.subtitle)).toBe(
    'Message: Send Text',
  );
  const events = ['message.received', 'session.qr_issued'];
  expect(subtitleOf(node('T', TRIGGER, { events }), trigger.subtitle)).toBe('Message Received, Session QR Issued');
});

test('an AI that is offered the tool reads WhatsApp in every operation, and a description of every parameter', () => {
  for (const { resource, operation } of operations)
    expect(NodeHelpers.makeDescription({ resource, operation }, action)).toContain('WhatsApp');
  expect(action.description).toContain('WhatsApp');
  const undescribed = (properties: readonly INodeProperties[]): string[] =>
    properties
      .filter(({ name, type }) => !['resource', 'operation', 'options'].includes(name) && type !== 'notice')
      .filter(({ description, hint }) => (description ?? hint ?? '') === '')
      .map(({ name, displayOptions }) => `${name} ${JSON.stringify(displayOptions)}`);
  const optional = action.properties.filter(({ name }) => name === 'options');
  expect(undescribed(action.properties)).toEqual([]);
  expect(optional.flatMap((each) => undescribed(each.options as INodeProperties[]))).toEqual([]);
});

test('what was given for an address is shown in the editor, and is not in the message, which n8n logs', () => {
  const detail = 'This is not a WhatsApp address: x. Use a chat id. Given: "+49 151 1234567O".';
  const body = Buffer.from(JSON.stringify({ code: 'WAB_ADDRESS_INVALID', detail, status: 422 }));
  const error = problemError(node('A', ACTION), { status: 422, body, baseUrl: 'http://127.0.0.1' });
  expect(error.message).toBe('This is not a WhatsApp address: x. Use a chat id.');
  expect(error.description).toContain('Given: "+49 151 1234567O".');
});

test("names and descriptions of all operations and parameters follow n8n's rules, which its linter cannot see", () => {
  const TITLE = /^[A-Z0-9][\w-]*,?(?: (?:[A-Z0-9(][\w-]*\)?,?|a|an|and|as|at|by|for|in|of|on|or|the|to|with))*$/;
  const sorted = (names: readonly string[]): string[] => [...names].sort((a, b) => a.localeCompare(b));
  const check = ({ displayName, type, description, options = [] }: INodeProperties): void => {
    expect(displayName).toMatch(TITLE);
    // One sentence has no full stop.
    if (!/\.\s/.test(description ?? '')) expect(description ?? '').not.toMatch(/\.$/);
    if (type === 'boolean') expect(description).toMatch(/^Whether /);
    if (type === 'collection') {
      const fields = options as INodeProperties[];
      fields.forEach(check);
      expect(fields.map((field) => field.displayName)).toEqual(sorted(fields.map((field) => field.displayName)));
    }
    if (type === 'options' || type === 'multiOptions')
      for (const choice of options as INodePropertyOptions[]) expect(choice.name).toMatch(TITLE);
  };
  action.properties.forEach(check);
  for (const { option } of operations) {
    expect(option.action).toMatch(/^[A-Z][^A-Z]+(?:QR|WhatsApp)?[^A-Z]*[^.]$/);
    expect(option.description).toMatch(/^[A-Z].*[^.]$/);
  }
  for (const property of action.properties.filter(({ name }) => name === 'operation' || name === 'resource')) {
    const names = optionsOf(property).map(({ name }) => name);
    expect(names).toEqual(sorted(names));
  }
});
