/** What the action node makes of an operation for which nobody wrote a word: how an operation is added to it. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type {
  IExecuteFunctions,
  INodeExecutionData,
  INodeParameters,
  INodeProperties,
  INodePropertyOptions,
  INodeType,
  IRun,
} from 'n8n-workflow';
import { OPERATIONS } from '../../nodes/shared/operations.generated';
import type { FieldEntry, OperationEntry } from '../../nodes/shared/operation-table';
import { offeredOperations } from '../../nodes/WaBridge/catalogue';
import { propertiesOf } from '../../nodes/WaBridge/description';
import type { OperationTable } from '../../nodes/WaBridge/operations/overlay';
import { route } from '../../nodes/WaBridge/router';
import { WaBridge } from '../../nodes/WaBridge/WaBridge.node';
import { FakeBridge } from './support/fake-bridge';
import { ACTION, execute, node, nodeTypes, outputOf, SIGNING_KEY, workflowOf } from './support/n8n';
import { fieldsOf, namesOf, optionsOf } from './support/parameters';

const SESSION: FieldEntry = { type: 'string', role: 'session', required: true };
const TO: FieldEntry = { type: 'string', role: 'recipient', required: true };
const EXPIRY: FieldEntry = { type: 'integer', role: 'expiry', required: false };
const OUTBOX = { carrier: 'outbox', method: 'POST', path: '/v1/messages', result: 'object' } as const;
const BRIDGE = { carrier: 'bridge', method: 'POST', result: 'object' } as const;

/** Nobody wrote a word about it for n8n. */
const sendSurvey: OperationEntry = {
  ...OUTBOX,
  summary: 'Send a survey',
  type: 'survey',
  fields: {
    session: SESSION,
    to: TO,
    expiresInSeconds: EXPIRY,
    quotedMessageId: { type: 'string', role: 'message', required: false },
    question: { type: 'string', rule: 'visible', maxLength: 255, required: true, description: 'what is asked.' },
    options: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 12, required: true },
    allowMultipleAnswers: { type: 'boolean', required: false },
  },
};

/** A node of a pack whose table has these operations besides. */
function nodeWith(added: OperationTable): INodeType {
  const operations = offeredOperations({ ...OPERATIONS, ...added });
  return {
    description: { ...new WaBridge().description, properties: propertiesOf(operations) },
    execute: async function (this: IExecuteFunctions) {
      return await route(this, operations);
    },
  };
}

let bridge: FakeBridge;
beforeEach(async () => {
  bridge = new FakeBridge();
  bridge.answers.set('POST /v1/messages', { status: 202, json: { id: 'out_1', state: 'accepted' } });
  await bridge.start();
});
afterEach(async () => {
  await bridge.stop();
});

const locator = (value: string, mode = 'name') => ({ __rl: true, mode, value });
const AT = { session: locator('support'), chat: locator('+4915112345678', 'phone') };

async function run(
  added: OperationTable,
  parameters: INodeParameters,
  item: INodeExecutionData = { json: {} },
): Promise<IRun> {
  const types = nodeTypes({ [ACTION]: nodeWith(added) });
  const workflow = workflowOf([node('Act', ACTION, parameters)], undefined, types);
  return await execute(workflow, { baseUrl: bridge.url, privateKey: SIGNING_KEY }, [item]);
}
const bodyOf = (index = 0): unknown => JSON.parse(bridge.requests[index]?.body.toString() ?? '');
const messageOf = (run: IRun): string | undefined => run.data.resultData.error?.message;

test('an operation without an overlay is in the list of its resource, in the words of its definition', () => {
  const type = nodeWith({
    'message.sendSurvey': sendSurvey,
    'group.create': { ...BRIDGE, summary: 'Create a group.', path: '/v1/groups', fields: {} },
  });
  const options = type.description.properties
    .filter(({ name }) => name === 'operation')
    .flatMap(({ options = [] }) => options as INodePropertyOptions[]);
  expect(options).toContainEqual({
    name: 'Send Survey',
    value: 'sendSurvey',
    action: 'Send a survey',
    description: 'Send a survey',
  });
  expect(options).toContainEqual({
    name: 'Create',
    value: 'create',
    action: 'Create a group',
    description: 'Create a group',
  });
  const resources = type.description.properties[0]?.options as INodePropertyOptions[];
  expect(resources.map(({ name }) => name)).toEqual(['Chat', 'Group', 'Message', 'Session']);
});

test('it shows what is required, and the rest below Options', () => {
  const fields = fieldsOf(nodeWith({ 'message.sendSurvey': sendSurvey }), 'message', 'sendSurvey');
  expect(namesOf(fields)).toEqual([
    'session',
    'chat',
    'question',
    // The name `options` is taken by the collection of options.
    'optionsValue',
    'wait',
    'waitSeconds',
    'sendWithinMinutes',
    'options',
  ]);
  expect(fields[2]).toMatchObject({ displayName: 'Question', description: 'What is asked', required: true });
  expect(fields[3]).toMatchObject({ displayName: 'Options', type: 'string', typeOptions: { rows: 4 } });
  expect(
    optionsOf(fields[7] as INodeProperties).map(({ displayName, type, description }) => [
      displayName,
      type,
      description,
    ]),
  ).toEqual([
    ['Allow Multiple Answers', 'boolean', 'Whether to allow multiple answers'],
    ['Idempotency Key', 'string', expect.anything()],
    ['Quoted Message ID', 'string', 'The quoted message ID'],
  ]);
});

test('if it is sent, it goes through the outbox like any other, with lists and yes or no', async () => {
  const survey = { resource: 'message', operation: 'sendSurvey', ...AT, question: ' Lunch? ' };
  const added = { 'message.sendSurvey': sendSurvey };
  const ran = await run(added, {
    ...survey,
    optionsValue: ' Yes, please \n\nNo\n',
    options: { allowMultipleAnswers: true },
  });
  const body = {
    session: 'support',
    to: '+4915112345678',
    type: 'survey',
    question: ' Lunch? ',
    expiresInSeconds: 3600,
  };
  expect(bodyOf()).toEqual({ ...body, options: ['Yes, please', 'No'], allowMultipleAnswers: true });
  expect(bridge.requests[0]?.headers['idempotency-key']).toMatch(/^n8n-/);
  expect(outputOf(ran, 'Act')[0]?.json).toEqual({ id: 'out_1', state: 'accepted', replayed: false });

  await run(added, { ...survey, optionsValue: '={{ ["a", 2] }}', options: { allowMultipleAnswers: '={{ "false" }}' } });
  expect(bodyOf(1)).toEqual({ ...body, options: ['a', '2'], allowMultipleAnswers: false });
  expect(
    messageOf(
      await run(added, { ...survey, optionsValue: 'a', options: { allowMultipleAnswers: '={{ "perhaps" }}' } }),
    ),
  ).toBe('Allow Multiple Answers must be true or false');
});

test('if it has a file, the file is uploaded', async () => {
  const put = bridge.answers.get.bind(bridge.answers);
  bridge.answers.get = (key) => (key.startsWith('PUT /v1/media/') ? { status: 201, json: {} } : put(key));
  const sticker: OperationEntry = {
    ...OUTBOX,
    summary: 'Send a sticker',
    type: 'sticker',
    fields: {
      session: SESSION,
      to: TO,
      mediaId: {
        type: 'string',
        role: 'media',
        media: { kind: 'sticker', mimeTypes: ['image/webp'] },
        required: true,
      },
      fileName: { type: 'string', role: 'fileName', required: false },
    },
  };
  const data = Buffer.from('WEBP').toString('base64');
  await run(
    { 'message.sendSticker': sticker },
    { resource: 'message', operation: 'sendSticker', ...AT, binaryPropertyName: 'file' },
    { json: {}, binary: { file: { data, mimeType: 'image/webp', fileName: 'cat.webp' } } },
  );
  expect(bridge.requests[0]?.body.toString()).toBe('WEBP');
  const mediaId = bridge.requests[0]?.path.split('/').at(-1);
  expect(bodyOf(1)).toMatchObject({ type: 'sticker', mediaId, fileName: 'cat.webp' });
});

test('if the bridge carries it out, its fields are in path, query and body, and what is missing is named', async () => {
  const list: OperationEntry = {
    ...BRIDGE,
    method: 'GET',
    summary: 'List groups',
    path: '/v1/sessions/{session}/groups',
    result: { list: 'groups' },
    fields: {
      session: SESSION,
      limit: { type: 'integer', minimum: 1, maximum: 500, default: 50, required: false },
      archived: { type: 'boolean', required: true },
    },
  };
  const rename: OperationEntry = {
    ...BRIDGE,
    method: 'PUT',
    summary: 'Rename a group',
    path: '/v1/groups/{id}/name',
    result: 'nothing',
    fields: {
      id: { type: 'string', required: true },
      name: { type: 'string', nullable: true, required: true },
      order: { type: 'number', required: true },
      members: { type: 'array', items: { type: 'string', role: 'chat' }, required: true },
      rights: { type: 'array', items: { type: 'string', enum: ['add', 'edit'] }, required: false },
      more: { type: 'object', required: false },
    },
  };
  const added = { 'group.list': list, 'group.rename': rename };
  bridge.answers.set('GET /v1/sessions/support/groups', { json: { groups: [{ id: 1 }, { id: 2 }] } });
  bridge.answers.set('PUT /v1/groups/a%2Fb/name', { status: 204 });

  const many = fieldsOf(nodeWith(added), 'group', 'list');
  expect(many.map(({ name, required }) => [name, required])).toEqual([
    ['session', true],
    ['archived', undefined],
    ['options', undefined],
  ]);
  expect(optionsOf(many[2] as INodeProperties)[0]).toMatchObject({
    type: 'number',
    default: 50,
    typeOptions: { minValue: 1, maxValue: 500, numberPrecision: 0 },
  });
  const listed = await run(added, {
    resource: 'group',
    operation: 'list',
    session: AT.session,
    options: { limit: 2 },
  });
  expect(Object.fromEntries(bridge.requests[0]?.query ?? [])).toEqual({ limit: '2', archived: 'false' });
  expect(outputOf(listed, 'Act').map(({ json }) => json)).toEqual([{ id: 1 }, { id: 2 }]);

  const renaming = {
    resource: 'group',
    operation: 'rename',
    id: ' a/b ',
    members: '+49 151 1, 7@lid',
    order: '={{ "3" }}',
  };
  const options = { rights: ['edit'], more: '{"x": 1}' };
  const renamed = await run(added, { ...renaming, options });
  expect(bodyOf(1)).toEqual({
    name: null,
    order: 3,
    members: ['+491511', '7@lid'],
    rights: ['edit'],
    more: { x: 1 },
  });
  expect(outputOf(renamed, 'Act')[0]?.json).toEqual({ success: true, id: 'a/b' });

  expect(messageOf(await run(added, { ...renaming, id: '={{ "" }}' }))).toBe('ID is missing');
  expect(messageOf(await run(added, { ...renaming, order: '={{ "x" }}' }))).toBe('Order is not a number');
  const { order: _order, ...unordered } = renaming;
  expect(messageOf(await run(added, unordered))).toBe('Order is not a number');
  expect(messageOf(await run(added, { ...renaming, options: { more: '{' } }))).toBe('More is not valid JSON');
  expect(bridge.requests).toHaveLength(2);
});
