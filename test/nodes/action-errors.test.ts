/** What the action node says about what goes wrong, and how it goes on. */
import { describe, expect, test } from '@jest/globals';
import { problem } from './support/fake-bridge';
import { execute, outputOf, SIGNING_KEY, workflowOf } from './support/n8n';
import {
  bridge,
  credential,
  accepted,
  sendText,
  eventItem,
  trigger,
  answer,
  replaceBridge,
  runAnswer,
  sends,
  keys,
  errorOf,
  useBridge,
} from './action-harness';

useBridge();

describe('errors', () => {
  test('have the sentence of the catalogue, the code and the status', async () => {
    bridge.answers.set(
      'POST /v1/messages',
      problem(409, 'WAB_SESSION_NOT_READY', 'Session support is awaiting_scan, not ready. Scan the QR code.'),
    );
    const run = await runAnswer([eventItem(1)]);
    expect(run.data.resultData.error?.name).toBe('NodeApiError');
    expect(errorOf(run)).toMatchObject({
      message: 'Session support is awaiting_scan, not ready. Scan the QR code.',
      httpCode: '409',
      context: { code: 'WAB_SESSION_NOT_READY', itemIndex: 0 },
    });
    expect(errorOf(run).description).toContain('Retry On Fail');
  });

  test('say where nothing answers, at once to a person who runs the node by hand', async () => {
    const workflow = workflowOf([trigger(), answer()]);
    const nowhere = { baseUrl: 'http://127.0.0.1:9', privateKey: SIGNING_KEY };
    const run = await execute(workflow, nowhere, [eventItem(1)], { mode: 'manual' });
    expect(errorOf(run).message).toBe(
      'The bridge at http://127.0.0.1:9 cannot be reached: the connection was refused.',
    );
  });

  test('say where something else answers, or redirects', async () => {
    bridge.answers.set('POST /v1/messages', { status: 302, headers: { location: '/login' } });
    const run = await runAnswer([eventItem(1)]);
    expect(errorOf(run).message).toContain('the answer is not from wabridge');
    expect(errorOf(run).description).toContain('redirects');
    expect(bridge.requests).toHaveLength(1);
  });

  test('become items where the node continues on fail', async () => {
    bridge.answers.set('POST /v1/messages', ({ body }) =>
      body.includes('hello 1')
        ? problem(422, 'WAB_ADDRESS_INVALID', 'The recipient is no WhatsApp address.')
        : { status: 202, json: accepted() },
    );
    const run = await runAnswer([eventItem(1), eventItem(2)], answer(sendText(), { onError: 'continueRegularOutput' }));
    const [failed, fine] = outputOf(run, 'Answer');
    expect(failed).toMatchObject({
      json: { error: 'The recipient is no WhatsApp address.', details: { code: 'WAB_ADDRESS_INVALID' } },
      pairedItem: { item: 0 },
    });
    expect(fine).toEqual({ json: accepted(), pairedItem: { item: 1 } });
  });

  test('go to the error output where there is one', async () => {
    bridge.answers.set(
      'POST /v1/messages',
      problem(422, 'WAB_ADDRESS_INVALID', 'The recipient is no WhatsApp address.'),
    );
    const run = await runAnswer([eventItem(1)], answer(sendText(), { onError: 'continueErrorOutput' }));
    const [success, failure] = run.data.resultData.runData['Answer']?.[0]?.data?.['main'] ?? [];
    expect(success).toEqual([]);
    expect(failure?.[0]?.json).toMatchObject({
      error: 'The recipient is no WhatsApp address.',
      details: { code: 'WAB_ADDRESS_INVALID' },
    });
  });

  test('say what is wrong with the credential', async () => {
    const run = await execute(workflowOf([trigger(), answer()]), { baseUrl: bridge.url, privateKey: 'wabk_short' }, [
      eventItem(1),
    ]);
    expect(errorOf(run).message).toContain('signing key of the WaBridge credential is incomplete');
  });
});

describe('a bridge that restarts', () => {
  test('is waited for: the send is repeated under one key, each time signed again', async () => {
    let asked = 0;
    bridge.answers.set('POST /v1/messages', () =>
      ++asked < 3
        ? problem(503, 'WAB_SHUTTING_DOWN', 'The bridge is shutting down.')
        : { status: 202, json: accepted() },
    );
    const run = await runAnswer([eventItem(1)]);
    expect(outputOf(run, 'Answer')).toEqual([{ json: accepted(), pairedItem: { item: 0 } }]);
    expect(keys()).toHaveLength(3);
    expect(new Set(keys()).size).toBe(1);
    expect(new Set(sends().map(({ headers }) => headers['signature'])).size).toBe(3);
  });

  test('is waited for where nothing listens yet', async () => {
    const { port } = bridge;
    const where = credential();
    await bridge.stop();
    const run = execute(workflowOf([trigger(), answer()]), where, [eventItem(1)]);
    const next = replaceBridge();
    await new Promise((resolve) => setTimeout(resolve, 400));
    await next.start(port);
    expect(outputOf(await run, 'Answer')).toEqual([{ json: accepted(), pairedItem: { item: 0 } }]);
    expect(sends()).toHaveLength(1);
  });

  test('is not waited for where the refusal stands', async () => {
    bridge.answers.set('POST /v1/messages', problem(409, 'WAB_SESSION_NOT_READY', 'Session support is stopped.'));
    await runAnswer([eventItem(1)]);
    expect(sends()).toHaveLength(1);
  });
});
