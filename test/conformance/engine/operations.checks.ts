/** Reactions, read marks and typing states. */
import { expect } from '@jest/globals';
import type { ChatId, MessageId } from '../../../bridge/src/contract/ids.ts';
import { failure, idFor, type EngineAtTest } from './engine-at-test.ts';

const stanzaOf = (messageId: string): string => messageId.split('_')[2] ?? '';

export function operationChecks(at: EngineAtTest): void {
  const { check, checkIf, linked, shared } = at;

  check('reacts to a message, puts another reaction in its place and takes it back', async () => {
    const { engine, recording } = await shared();
    const chatId = at.harness.contact as ChatId;
    await at.harness.say({ from: at.harness.contact, text: 'what do you say' });
    const { messageId } = await recording.untilMessage((each) => each.text === 'what do you say');
    for (const emoji of ['👍', '❤️', '']) {
      const receipt = await engine.perform('message.react', { chatId, messageId, emoji }, null);
      expect(receipt.messageId).toBe(messageId);
    }
    const stanza = stanzaOf(messageId);
    expect(await at.harness.reactions(3)).toEqual(['👍', '❤️', ''].map((emoji) => ({ stanza, emoji })));
    // No message came of it.
    expect(await at.harness.inbox(0)).toHaveLength(0);
  });

  check('reacts to a message of its own', async () => {
    const { engine } = await shared();
    const chatId = at.harness.contact as ChatId;
    const { messageId } = await engine.perform('message.sendText', { chatId, text: 'mine' }, idFor(engine, chatId));
    await at.harness.inbox(1);
    await engine.perform('message.react', { chatId, messageId, emoji: '🎉' }, null);
    expect(await at.harness.reactions(1)).toEqual([{ stanza: stanzaOf(messageId), emoji: '🎉' }]);
  });

  checkIf('groups', 'reacts in a group', async () => {
    const { engine, recording } = await shared();
    await at.harness.say({ from: at.harness.contact, group: at.harness.group, text: 'all of you' });
    const { messageId } = await recording.untilMessage((each) => each.text === 'all of you');
    const chatId = at.harness.group as ChatId;
    await engine.perform('message.react', { chatId, messageId, emoji: '👋' }, null);
    const [reaction] = await at.harness.reactions(1);
    expect(reaction).toEqual({ stanza: stanzaOf(messageId), emoji: '👋' });
  });

  check('refuses to react to what it does not know, and to a message of another chat', async () => {
    const { engine, recording } = await shared();
    await at.harness.say({ from: at.harness.contact, text: 'here' });
    const { messageId } = await recording.untilMessage((each) => each.text === 'here');
    const chatId = at.harness.contact as ChatId;
    for (const wrong of [
      { chatId, messageId: `false_${at.harness.contact}_3EB0DOESNOTEXIST` as MessageId },
      { chatId: at.harness.otherContact as ChatId, messageId },
    ]) {
      const error = await failure(engine.perform('message.react', { emoji: '👍', ...wrong }, null));
      expect(error).toMatchObject({ outcome: 'fail', code: 'WAB_MESSAGE_UNKNOWN' });
    }
    expect(await at.harness.reactions(0)).toEqual([]);
  });

  check('marks a chat as read, and that chat alone', async () => {
    const { engine, recording } = await shared();
    await at.harness.say({ from: at.harness.otherContact, text: 'not this one' });
    await at.harness.say({ from: at.harness.contact, text: 'first' });
    await at.harness.say({ from: at.harness.contact, text: 'second' });
    await recording.untilMessage((each) => each.text === 'not this one');
    await recording.untilMessage((each) => each.text === 'second');
    expect(await at.harness.read(0)).toBe(0);
    await engine.perform('chat.markRead', { chatId: at.harness.contact as ChatId });
    expect(await at.harness.read(2)).toBe(2);
    await engine.perform('chat.markRead', { chatId: at.harness.contact as ChatId });
    await engine.perform('chat.markRead', { chatId: at.harness.otherContact as ChatId });
    expect(await at.harness.read(3)).toBe(3);
  });

  check('shows the other side that it is writing, recording, and no longer', async () => {
    const { engine } = await shared();
    const states = ['composing', 'recording', 'paused'] as const;
    for (const state of states)
      await engine.perform('chat.setTyping', { chatId: at.harness.contact as ChatId, state: state });
    expect(await at.harness.typing(3)).toEqual(states);
  });

  check('refuses operations in a chat that does not exist, and all of them while it is not connected', async () => {
    const { engine } = await linked();
    const operations = (chatId: ChatId): Promise<unknown>[] => [
      engine.perform('chat.markRead', { chatId: chatId }),
      engine.perform('chat.setTyping', { chatId: chatId, state: 'composing' }),
    ];
    for (const operation of operations(at.harness.unknownChat as ChatId))
      expect(await failure(operation)).toMatchObject({ outcome: 'fail', code: 'WAB_CHAT_UNKNOWN' });
    await engine.stop();
    const chatId = at.harness.contact as ChatId;
    const messageId = `false_${at.harness.contact}_3EB0LATER` as MessageId;
    const reaction = engine.perform('message.react', { chatId, messageId, emoji: '👍' }, null);
    for (const operation of [...operations(chatId), reaction])
      expect(await failure(operation)).toMatchObject({ outcome: 'defer', code: 'WAB_SESSION_NOT_READY' });
  });
}
