/** Files and reactions. */
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { INode, INodeExecutionData, INodeParameters } from 'n8n-workflow';
import { MEDIA_ID_PATTERN } from '../../nodes/shared/contract.generated';
import { messageEvent, type SeenRequest } from './support/fake-bridge';
import { ACTION, execute, outputOf, workflowOf } from './support/n8n';
import {
  bridge,
  credential,
  accepted,
  locator,
  sendText,
  eventItem,
  answer,
  runAnswer,
  sends,
  keys,
  bodies,
  messages,
  errorOf,
  useBridge,
} from './action-harness';

useBridge();

describe('send media', () => {
  const media = (parameters: INodeParameters = {}): INode =>
    answer({
      ...sendText(),
      operation: 'sendMedia',
      binaryPropertyName: 'file',
      kind: 'auto',
      caption: 'look',
      ...parameters,
    });
  const withFile = (bytes: string, mimeType = 'image/png', seq = 1): INodeExecutionData => ({
    ...eventItem(seq),
    binary: { file: { data: Buffer.from(bytes).toString('base64'), mimeType, fileName: 'cat.png' } },
  });
  const uploads = (): SeenRequest[] => bridge.requests.filter(({ method }) => method === 'PUT');

  beforeEach(() => {
    const put = bridge.answers.get.bind(bridge.answers);
    bridge.answers.get = (key) => (key.startsWith('PUT /v1/media/') ? { status: 201, json: {} } : put(key));
  });

  test('uploads the raw bytes with their digest, then sends the message that names them', async () => {
    await runAnswer([withFile('PNG!')], media());
    const [upload] = uploads();
    expect(upload?.body.toString()).toBe('PNG!');
    expect(upload?.headers).toMatchObject({
      'content-type': 'image/png',
      'content-digest': `sha-256=:${createHash('sha256').update('PNG!').digest('base64')}:`,
    });
    expect(upload?.query.get('fileName')).toBe('cat.png');
    const mediaId = upload?.path.split('/').at(-1) ?? '';
    expect(mediaId).toMatch(new RegExp(MEDIA_ID_PATTERN));
    expect(messages()).toEqual([
      { session: 'support', to: '4915112345678@c.us', type: 'image', text: 'look', fileName: 'cat.png', mediaId },
    ]);
  });

  test('a second run uploads under the same id and sends under the same key; other bytes get another id', async () => {
    await runAnswer([withFile('PNG!')], media());
    await runAnswer([withFile('PNG!')], media());
    await runAnswer([withFile('other')], media());
    const ids = uploads().map(({ path }) => path);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
    expect(new Set(keys()).size).toBe(1);
  });

  test('what keys are made of does not change: an event may come again after an update of the pack', async () => {
    // Nothing but the content tells this send from another one of the same event (see "of an event in the item itself").
    const alone = async (item: INodeExecutionData, action: INode): Promise<void> =>
      void (await execute(workflowOf([action]), credential(), [item], { mode: 'integrated', executionId: '1' }));
    await alone(withFile('PNG!'), media());
    await alone(withFile('OGG!', 'audio/ogg'), media());
    const keyOf = (type: string, bytes: string): string => {
      const sha256 = createHash('sha256').update(bytes).digest('base64');
      const content = {
        session: 'support',
        to: '4915112345678@c.us',
        type,
        caption: 'look',
        fileName: 'cat.png',
        sha256,
      };
      const parts = [messageEvent(1).id, 'wf-1', 'id-of-answer', content];
      return `n8n-${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
    };
    expect(keys()).toEqual([keyOf('image', 'PNG!'), keyOf('audio', 'OGG!')]);
    expect(messages().map(({ text }) => text)).toEqual(['look', undefined]);
  });

  test.each([
    ['image/jpeg', 'image'],
    ['video/mp4', 'video'],
    ['audio/ogg', 'audio'],
    ['image/svg+xml', 'document'],
    ['application/pdf', 'document'],
  ])('automatic: %s goes as %s', async (mimeType, type) => {
    await runAnswer([withFile('x', mimeType)], media());
    expect(bodies()[0]?.['type']).toBe(type);
  });

  test('an item without the file is refused', async () => {
    const run = await runAnswer([eventItem(1)], media());
    expect(errorOf(run).message).toContain('binary');
    expect(bridge.requests).toHaveLength(0);
  });
});

describe('react', () => {
  const react = (parameters: INodeParameters = {}, rest: Partial<INode> = {}): INode =>
    answer(
      {
        resource: 'message',
        operation: 'react',
        session: locator('support'),
        chat: locator('={{ $json.chat.chatId }}', 'id'),
        messageId: '={{ $json.messageId }}',
        emoji: '👍',
        ...parameters,
      },
      rest,
    );

  test('sends the emoji for the message of the item, under a key of its own', async () => {
    const run = await runAnswer([eventItem(1), eventItem(2)], react());
    const body = { session: 'support', to: '4915112345678@c.us', type: 'reaction', emoji: '👍' };
    expect(messages()).toEqual([
      { ...body, messageId: 'false_4915112345678@c.us_1' },
      { ...body, messageId: 'false_4915112345678@c.us_2' },
    ]);
    expect(new Set(keys()).size).toBe(2);
    expect(outputOf(run, 'Answer')).toHaveLength(2);
  });

  test('is the same reaction in a second run of the same event, and another one at another node', async () => {
    await runAnswer([eventItem(1)], react(), { executionId: '1' });
    await runAnswer([eventItem(1, 2)], react(), { executionId: '2' });
    await runAnswer([eventItem(1)], react({ emoji: '' }, { id: 'another-node' }), { executionId: '1' });
    expect(keys()[1]).toBe(keys()[0]);
    expect(sends().map(({ query }) => query.get('firstAnswer'))).toEqual([null, 'true', null]);
    expect(keys()[2]).not.toBe(keys()[0]);
  });

  test('of an AI agent follows what it reacts with', async () => {
    const tool = (emoji: string): INode => ({ ...react({ emoji }), type: `${ACTION}Tool` });
    await runAnswer([eventItem(1)], tool('👍'), { executionId: '1' });
    await runAnswer([eventItem(1)], tool('❤️'), { executionId: '1' });
    await runAnswer([eventItem(1, 2)], tool('👍'), { executionId: '2' });
    expect(keys()[1]).not.toBe(keys()[0]);
    expect(keys()[2]).toBe(keys()[0]);
  });

  test('an empty emoji takes the reaction back', async () => {
    await runAnswer([eventItem(1)], react({ emoji: ' ' }));
    expect(bodies()[0]).toMatchObject({ type: 'reaction', emoji: '' });
  });

  test('waits until WhatsApp has taken it, and fails with the sentence of what it was refused for', async () => {
    const error = { code: 'WAB_MESSAGE_UNKNOWN', message: 'This session does not have this message in this chat.' };
    bridge.answers.set('POST /v1/messages', { status: 202, json: accepted({ state: 'failed', error }) });
    const run = await runAnswer([eventItem(1)], react());
    expect(Number(sends()[0]?.query.get('waitMs'))).toBeGreaterThan(0);
    expect(errorOf(run)).toMatchObject({ message: error.message, context: { code: 'WAB_MESSAGE_UNKNOWN' } });
  });

  test('without a message is refused before anything is sent', async () => {
    const run = await runAnswer([eventItem(1)], react({ messageId: '={{ $json.nothing }}' }));
    expect(errorOf(run).message).toContain('The message to react to is missing');
    expect(sends()).toHaveLength(0);
  });
});
