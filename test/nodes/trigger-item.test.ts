/** What a workflow is given for an event. */
import { describe, expect, test } from '@jest/globals';
import { messageEvent, problem } from './support/fake-bridge';
import { bridge, trigger, stream, open, useBridge } from './trigger-harness';

useBridge();

describe('the item', () => {
  test('is the event, flat, with what is known of its delivery', async () => {
    await open();
    stream.deliver(messageEvent(7), 3);
    const { items } = await trigger.run(1);
    expect(items).toEqual([
      {
        json: {
          ...messageEvent(7).data,
          id: messageEvent(7).id,
          type: 'message.received',
          session: 'support',
          seq: 7,
          occurredAt: '2026-01-01T00:00:00.000Z',
          chat: { chatId: '4915112345678@c.us', phone: '+4915112345678', name: 'Ada', kind: 'direct' },
          isGroup: false,
          ageSeconds: expect.any(Number),
          sessionId: 'support:4915112345678@c.us',
          chatInput: 'hello 7',
          sender: { chatId: '4915112345678@c.us', phone: '+4915112345678', name: 'Ada' },
          delivery: { attempt: 3, subscription: stream.subscription, cursor: 'cur-7' },
        },
      },
    ]);
  });

  test('says how old the event is, what kind of chat it is of, and what an AI agent needs', async () => {
    await open({ events: ['message.received', 'session.degraded'], options: { maxInFlight: 5 } });
    const occurredAt = new Date(Date.now() - 90_000).toISOString();
    const group = { chatId: '120363000000000001@g.us', name: 'Team' };
    stream.deliver(messageEvent(1, { chat: group, occurredAt }));
    stream.deliver(messageEvent(2, { chat: { chatId: '5@lid' } }, { kind: 'image', text: null }));
    stream.deliver(messageEvent(3, { type: 'session.degraded', chat: null, sender: null, data: { reason: 'silent' } }));
    const items = await Promise.all([1, 2, 3].map(async (number) => (await trigger.run(number)).items[0]?.json));
    const byEvent = Object.fromEntries(items.map((json) => [json?.['seq'], json]));
    expect(byEvent[1]).toMatchObject({
      chat: { ...group, kind: 'group' },
      isGroup: true,
      sessionId: 'support:120363000000000001@g.us',
    });
    expect(byEvent[1]?.['ageSeconds']).toBeGreaterThanOrEqual(90);
    expect(byEvent[1]?.['ageSeconds']).toBeLessThan(120);
    expect(byEvent[2]).toMatchObject({ chat: { kind: 'direct' }, isGroup: false, text: null, chatInput: '' });
    expect(byEvent[3]).toMatchObject({ chat: null, isGroup: false, reason: 'silent' });
    expect(byEvent[3]).not.toHaveProperty('chatInput');
    expect(byEvent[3]).not.toHaveProperty('sessionId');
  });

  const downloads = () => bridge.requests.filter(({ path }) => path.startsWith('/v1/media/'));
  const withMedia = (seq: number) =>
    messageEvent(
      seq,
      {},
      {
        kind: 'image',
        text: 'look',
        media: { mediaId: 'med_00000000000000000000000001', kind: 'image', mimeType: 'image/png', fileName: 'cat.png' },
      },
    );

  test('carries media as binary, fetched with a bounded wait and a signed request', async () => {
    bridge.answers.set('GET /v1/media/med_00000000000000000000000001', {
      bytes: Buffer.from('PNG!'),
      headers: { 'content-type': 'image/png' },
    });
    await open({ options: { mediaWait: 7, binaryField: 'file' } });
    stream.deliver(withMedia(1));
    const { items } = await trigger.run(1);
    expect(items[0]?.binary?.['file']).toMatchObject({
      mimeType: 'image/png',
      fileName: 'cat.png',
      data: Buffer.from('PNG!').toString('base64'),
    });
    const [download] = downloads();
    expect(download?.query.get('waitMs')).toBe('7000');
    expect(download?.headers['signature']).toMatch(/^wab=:/);
  });

  test('says so where media cannot be had', async () => {
    bridge.answers.set(
      'GET /v1/media/med_00000000000000000000000001',
      problem(410, 'WAB_MEDIA_FAILED', 'Media could not be fetched from WhatsApp: gone.'),
    );
    await open();
    stream.deliver(withMedia(1));
    const { items } = await trigger.run(1);
    expect(items[0]?.binary).toBeUndefined();
    expect(items[0]?.json['mediaError']).toEqual({
      code: 'WAB_MEDIA_FAILED',
      message: 'Media could not be fetched from WhatsApp: gone.',
    });
  });

  test('leaves media alone where the download is switched off', async () => {
    await open({ options: { downloadMedia: false } });
    stream.deliver(withMedia(1));
    const { items } = await trigger.run(1);
    expect(items[0]?.json['mediaError']).toBeUndefined();
    expect(downloads()).toEqual([]);
  });
});
