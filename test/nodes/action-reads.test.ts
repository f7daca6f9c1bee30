/** Operations on chats and sessions. */
import { describe, expect, test } from '@jest/globals';
import { LoadOptionsContext } from 'n8n-core';
import type { ILoadOptionsFunctions, INode, INodeParameters } from 'n8n-workflow';
import { WaBridge } from '../../nodes/WaBridge/WaBridge.node';
import { problem } from './support/fake-bridge';
import { additionalData, outputOf, workflowOf } from './support/n8n';
import { bridge, credential, locator, eventItem, answer, runAnswer, errorOf, useBridge } from './action-harness';

useBridge();

describe('chats', () => {
  const about = (operation: string, parameters: INodeParameters = {}): INode =>
    answer({
      resource: 'chat',
      operation,
      session: locator('support'),
      chat: locator('={{ $json.chat.chatId }}', 'id'),
      ...parameters,
    });
  const SEEN = 'POST /v1/sessions/support/chats/4915112345678%40c.us/read';
  const TYPING = 'POST /v1/sessions/support/chats/4915112345678%40c.us/typing';
  const done = { json: { success: true, session: 'support', chat: '4915112345678@c.us' }, pairedItem: { item: 0 } };

  test('mark as read asks once, without a body and without a key', async () => {
    bridge.answers.set(SEEN, { status: 204 });
    const run = await runAnswer([eventItem(1)], about('markAsRead'));
    expect(outputOf(run, 'Answer')).toEqual([done]);
    expect(bridge.requests).toHaveLength(1);
    expect(bridge.requests[0]?.body.toString()).toBe('');
    expect(bridge.requests[0]?.headers['idempotency-key']).toBeUndefined();
  });

  test.each(['composing', 'recording', 'paused'])('send typing: %s', async (state) => {
    bridge.answers.set(TYPING, { status: 204 });
    const run = await runAnswer([eventItem(1)], about('typing', { state }));
    expect(outputOf(run, 'Answer')).toEqual([done]);
    expect(JSON.parse(bridge.requests[0]?.body.toString() ?? '')).toEqual({ state });
  });

  test('a phone number goes into the path as it is written', async () => {
    bridge.answers.set('POST /v1/sessions/support/chats/%2B49%20151%2012345678/read', { status: 204 });
    const run = await runAnswer([eventItem(1)], about('markAsRead', { chat: locator('+49 151 12345678', 'phone') }));
    expect(run.data.resultData.error).toBeUndefined();
  });

  test('what the bridge does not do at once is told and not asked for again, though it could help later', async () => {
    bridge.answers.set(TYPING, problem(503, 'WAB_OPERATION_FAILED', 'WhatsApp did not do this.'));
    const run = await runAnswer([eventItem(1)], about('typing', { state: 'composing' }));
    expect(errorOf(run)).toMatchObject({
      message: 'WhatsApp did not do this.',
      context: { code: 'WAB_OPERATION_FAILED', itemIndex: 0 },
    });
    expect(bridge.requests).toHaveLength(1);
  });

  test('an expression that gives no chat is refused before anything is asked', async () => {
    const run = await runAnswer([eventItem(1)], about('markAsRead', { chat: locator('={{ $json.nobody }}', 'id') }));
    expect(errorOf(run).message).toContain('The chat is missing');
    expect(bridge.requests).toHaveLength(0);
  });
});

describe('sessions', () => {
  const sessions = [
    { name: 'support', engine: 'webjs', state: 'ready', simulated: false },
    { name: 'demo', engine: 'sandbox', state: 'awaiting_scan', simulated: true },
  ];
  const about = (operation: string, parameters: INodeParameters = {}): INode =>
    answer({ resource: 'session', operation, session: locator('support'), ...parameters });

  test('list gives one item each', async () => {
    bridge.answers.set('GET /v1/sessions', { json: { sessions } });
    const run = await runAnswer([eventItem(1)], about('list'));
    expect(outputOf(run, 'Answer')).toEqual(sessions.map((json) => ({ json, pairedItem: { item: 0 } })));
  });

  test.each([
    ['get', 'GET /v1/sessions/support'],
    ['start', 'POST /v1/sessions/support/start'],
    ['stop', 'POST /v1/sessions/support/stop'],
  ])('%s is %s', async (operation, request) => {
    bridge.answers.set(request, { json: sessions[0] });
    const run = await runAnswer([eventItem(1)], about(operation));
    expect(outputOf(run, 'Answer')).toEqual([{ json: sessions[0], pairedItem: { item: 0 } }]);
  });

  test('get QR code gives an image', async () => {
    bridge.answers.set('GET /v1/sessions/support/qr', {
      bytes: Buffer.from('PNG'),
      headers: { 'content-type': 'image/png' },
    });
    const run = await runAnswer([eventItem(1)], about('getQr', { binaryPropertyName: 'code' }));
    expect(bridge.requests[0]?.query.get('format')).toBe('png');
    expect(outputOf(run, 'Answer')[0]?.binary?.['code']).toMatchObject({
      mimeType: 'image/png',
      fileName: 'support-qr.png',
      data: Buffer.from('PNG').toString('base64'),
    });
  });

  test('request pairing code gives the code for a phone number', async () => {
    const given = { code: 'ABCD1234', expiresAt: '2026-01-01T00:03:00.000Z' };
    bridge.answers.set('POST /v1/sessions/support/pairing-code', { status: 201, json: given });
    const run = await runAnswer([eventItem(1)], about('requestPairingCode', { phone: ' +49 151 23456789 ' }));
    expect(JSON.parse(String(bridge.requests[0]?.body))).toEqual({ phone: '+49 151 23456789' });
    expect(outputOf(run, 'Answer')).toEqual([{ json: { session: 'support', ...given }, pairedItem: { item: 0 } }]);
  });

  test('can be searched for in the editor', async () => {
    bridge.answers.set('GET /v1/sessions', { json: { sessions } });
    const context = new LoadOptionsContext(workflowOf([answer()]), answer(), additionalData(credential()), '');
    const search = new WaBridge().methods.listSearch.searchSessions;
    expect(await search.call(context as unknown as ILoadOptionsFunctions)).toEqual({
      results: [
        { name: 'demo (awaiting scan, simulated)', value: 'demo' },
        { name: 'support (ready)', value: 'support' },
      ],
    });
    expect((await search.call(context as unknown as ILoadOptionsFunctions, 'SUP')).results).toHaveLength(1);
  });
});
