/** The action node against the table of operations that it is derived from. */
import { describe, expect, test } from '@jest/globals';
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { OPERATIONS } from '../../nodes/shared/operations.generated';
import { offeredOperations } from '../../nodes/WaBridge/catalogue';
import type {
  OnePerResource,
  OperationTable,
  OperationWords,
  Overlays,
  WordsOfFields,
} from '../../nodes/WaBridge/operations/overlay';
import { DEFAULT_OPERATIONS, OFFERED_BY_HAND, OVERLAYS } from '../../nodes/WaBridge/overlays/overlays';
import { WaBridge } from '../../nodes/WaBridge/WaBridge.node';
import { fieldsOf, namesOf, optionsOf } from './support/parameters';

const TABLE: OperationTable = OPERATIONS;
const offered = offeredOperations();

describe('the node and the table', () => {
  test('every operation of the table is offered once, and every offer of its resource has a value of its own', () => {
    const values = offered.map(({ resource, value }) => `${resource}.${value}`);
    expect(new Set(values).size).toBe(values.length);
    const words = OVERLAYS as Readonly<Record<string, OperationWords | undefined>>;
    for (const id of Object.keys(TABLE)) {
      if ((OFFERED_BY_HAND as readonly string[]).includes(id)) continue;
      const [resource = '', verb = ''] = id.split('.');
      expect(values).toContain(`${resource}.${words[id]?.value ?? verb}`);
    }
  });

  test('every field of the table is a parameter, with the choices that the table has', () => {
    const words = OVERLAYS as Readonly<Record<string, OperationWords | undefined>>;
    for (const [id, { fields, carrier }] of Object.entries(TABLE)) {
      if ((OFFERED_BY_HAND as readonly string[]).includes(id)) continue;
      const [resource = '', verb = ''] = id.split('.');
      const shown = fieldsOf(new WaBridge(), resource, words[id]?.value ?? verb);
      const all = shown.flatMap((field) => (field.name === 'options' ? optionsOf(field) : [field]));
      const besides = carrier === 'outbox' ? ['idempotencyKey', 'wait', 'waitSeconds'] : [];
      expect([id, all.length]).toEqual([id, Object.keys(fields).length + besides.length]);
      for (const [name, { enum: values }] of Object.entries(fields)) {
        if (values === undefined) continue;
        const choices = all.find((each) => each.name === name) as INodeProperties;
        const given = (choices.options as INodePropertyOptions[]).map(({ value }) => value);
        expect(given.sort()).toEqual([...values].sort());
        expect(values).toContain(choices.default);
      }
    }
  });

  test('overlays name operations, fields and choices that exist', () => {
    for (const [id, words] of Object.entries(OVERLAYS as Readonly<Record<string, OperationWords>>)) {
      expect(Object.keys(TABLE)).toContain(id);
      const fields = TABLE[id]?.fields ?? {};
      for (const [name, field] of Object.entries(words.fields ?? {})) {
        expect([id, Object.keys(fields)]).toEqual([id, expect.arrayContaining([name])]);
        expect(fields[name]?.enum ?? []).toEqual(expect.arrayContaining(Object.keys(field?.choices ?? {})));
      }
    }
  });

  test('an overlay that names anything else does not compile', () => {
    // @ts-expect-error no such operation
    const operation = { 'message.sendNothing': {} } satisfies Overlays;
    // @ts-expect-error no such field
    const field = { 'message.react': { fields: { smile: {} } } } satisfies Overlays;
    const choice = {
      // @ts-expect-error no such choice
      'chat.setTyping': { fields: { state: { choices: { singing: { name: 'Singing', description: 'Sing' } } } } },
    } satisfies Overlays;
    // @ts-expect-error no such field, also where words are shared by several operations
    const shared = { smile: {} } satisfies WordsOfFields<'message.sendText'>;
    // @ts-expect-error no such operation of the resource
    const preset = { ...DEFAULT_OPERATIONS, chat: 'message.sendText' } satisfies OnePerResource;
    // @ts-expect-error a resource without one
    const missing: OnePerResource = { chat: 'chat.markRead', message: 'message.sendText' };
    expect([operation, field, choice, shared, preset, missing]).toHaveLength(6);
  });

  test('the operation that is selected when a resource is chosen is one that the resource offers', () => {
    for (const property of new WaBridge().description.properties.filter(({ name }) => name === 'operation')) {
      const values = (property.options as INodePropertyOptions[]).map(({ value }) => value);
      expect(values).toContain(property.default);
    }
  });
});

test('parameters of workflows that were saved with the first version are all still there', () => {
  const message = ['session', 'chat', 'wait', 'waitSeconds', 'sendWithinMinutes', 'options'];
  const saved: Readonly<Record<string, readonly string[]>> = {
    'chat.markAsRead': ['session', 'chat'],
    'chat.typing': ['session', 'chat', 'state'],
    'message.react': [...message, 'messageId', 'emoji'],
    'message.sendMedia': [...message, 'binaryPropertyName', 'kind', 'caption', 'fileName'],
    'message.sendText': [...message, 'text'],
    'session.get': ['session'],
    'session.getQr': ['session', 'binaryPropertyName'],
    'session.list': [],
    'session.requestPairingCode': ['session', 'phone'],
    'session.start': ['session'],
    'session.stop': ['session'],
  };
  const type = new WaBridge();
  for (const [id, names] of Object.entries(saved)) {
    const [resource = '', operation = ''] = id.split('.');
    expect(namesOf(fieldsOf(type, resource, operation)).sort()).toEqual([...names].sort());
  }
  for (const operation of ['sendText', 'sendMedia']) {
    const options = fieldsOf(type, 'message', operation).find(({ name }) => name === 'options') as INodeProperties;
    expect(namesOf(optionsOf(options))).toEqual(['idempotencyKey', 'mentions', 'quotedMessageId']);
  }
  const preset = (name: string, resource?: string) =>
    type.description.properties.find(
      (each) => each.name === name && each.displayOptions?.show?.['resource']?.[0] === resource,
    )?.default;
  expect(preset('resource')).toBe('message');
  expect(['chat', 'message', 'session'].map((resource) => preset('operation', resource))).toEqual([
    'markAsRead',
    'sendText',
    'list',
  ]);
  const kinds = fieldsOf(type, 'message', 'sendMedia').find(({ name }) => name === 'kind') as INodeProperties;
  expect((kinds.options as INodePropertyOptions[]).map(({ value }) => value)).toEqual([
    'audio',
    'auto',
    'document',
    'image',
    'video',
  ]);
});
