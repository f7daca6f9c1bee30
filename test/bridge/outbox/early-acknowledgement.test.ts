/** An acknowledgement is the first to show that a message was sent: readers of `message.sent` learn of it all the same, once. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { MessageId, OutboxId } from '../../../bridge/src/contract/ids.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import { EngineError, type EngineFact } from '../../../bridge/src/engine/engine.ts';
import type { OpenOutbox } from './outbox-harness.ts';
import { OutboxLives } from './outbox-lives.ts';
import { ALICE } from './outbox-samples.ts';
import { Network } from './scripted-network.ts';

const { begin, end, start } = new OutboxLives();
beforeEach(begin);
afterEach(end);

const acknowledgementOf = (messageId: MessageId): EngineFact => ({
  type: 'message.acknowledged',
  at: new Date(),
  chat: addressOf(ALICE),
  data: { messageId, ack: 'delivered' },
});
const sent = async (outbox: OpenOutbox): Promise<unknown[]> =>
  (await outbox.events('message.sent')).map(({ data }) => data);

/** A message that has left, of which the bridge has not learnt that. */
async function unanswered(): Promise<{ outbox: OpenOutbox; id: string; messageId: MessageId; answer: () => void }> {
  const network = new Network();
  network.sendStatus = () => 'unknown';
  let answer!: () => void;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  network.scripts.push(async (_message, _messageId, deliver) => {
    const receipt = deliver();
    await answered;
    return receipt;
  });
  const outbox = await start({ network });
  const { id } = await outbox.accept('hello', ALICE);
  await outbox.until(id, 'sending');
  await outbox.untilThat(id, () => network.sent.length > 0);
  return { outbox, id, messageId: network.sent[0]!.messageId!, answer };
}

describe('an acknowledgement', () => {
  test('before the answer: one event says that it was sent, before and after the answer', async () => {
    const { outbox, id, messageId, answer } = await unanswered();
    await outbox.report(acknowledgementOf(messageId));
    const told = [expect.objectContaining({ messageId, outboxId: id, kind: 'text', text: 'hello' })];
    expect(await sent(outbox)).toEqual(told);
    expect(await outbox.service.get(id as OutboxId)).toMatchObject({ state: 'delivered' });
    answer();
    await outbox.dispatcher.stop(2_000);
    expect(await sent(outbox)).toEqual(told);
    expect((await outbox.events()).map(({ type }) => type)).toEqual(['message.sent', 'message.acknowledged']);
  });

  test('of a message in doubt: it is told as sent', async () => {
    const network = new Network();
    network.sendStatus = () => 'unknown';
    network.scripts.push((_message, _messageId, deliver) => {
      deliver();
      throw new EngineError('unknown', 'WAB_SESSION_NOT_READY', 'the page died');
    });
    const outbox = await start({ network });
    const { id } = await outbox.accept('hello', ALICE);
    await outbox.until(id, 'in_doubt');
    const { messageId } = network.sent[0]!;
    await outbox.report(acknowledgementOf(messageId!));
    expect(await sent(outbox)).toEqual([expect.objectContaining({ messageId, outboxId: id })]);
  });

  test('of a message that was told as sent adds nothing', async () => {
    const outbox = await start();
    const { id } = await outbox.accept('hello', ALICE);
    await outbox.until(id, 'accepted');
    await outbox.report(acknowledgementOf(outbox.network.sent[0]!.messageId!));
    expect(await sent(outbox)).toHaveLength(1);
  });
});
