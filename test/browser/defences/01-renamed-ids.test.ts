/** Defence 1: WhatsApp Web 2.3000.1042401057 renamed `MsgKey._serialized` to `$1`, which the library still reads. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../../until.ts';
import { bobOf, LONG } from '../session-at-test.ts';
import { Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open('$1');
});
afterAll(() => scene.close(), LONG);

test(
  'defence 1: without it, messages have no id and a send looks failed although it arrived',
  async () => {
    const stock = await scene.linkedStock();
    scene.standin.network.say(scene.bob, scene.naive, 'hello');
    const [hello] = await stock.until('a message', () => (stock.messages.length > 0 ? stock.messages : undefined));
    expect(hello?.id._serialized).toBeUndefined();
    expect(await stock.call('sendMessage', scene.bob.pn, 'did it leave?')).toBeNull();
    await until('the message that looked failed', () => scene.fromNaive.includes('did it leave?'));
  },
  LONG,
);

test(
  'defence 1: with it, messages have their ids and a send has its receipt',
  async () => {
    const { engine, recording } = await scene.linked();
    scene.standin.network.say(scene.bob, scene.me, 'hello');
    const hello = await recording.untilMessage(({ text }) => text === 'hello');
    expect(hello.messageId).toMatch(/^false_4915110000002@c\.us_/);
    const messageId = engine.chooseMessageId(bobOf(scene));
    const sent = { chatId: bobOf(scene), text: 'it left', quotedMessageId: hello.messageId } as const;
    expect((await engine.perform('message.sendText', sent, messageId)).messageId).toBe(messageId);
    expect(scene.received()).toMatchObject([{ messageId, quotedMessageId: hello.messageId }]);
  },
  LONG,
);
