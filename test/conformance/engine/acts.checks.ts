/** Reactions, read marks and typing states. */
import { expect } from '@jest/globals';
import type { ChatId, WireId } from '../../../bridge/src/contract/ids.ts';
import { failure, idFor, type EngineAtTest } from './engine-at-test.ts';

const stanzaOf = (wireId: string): string => wireId.split('_')[2] ?? '';

export function actChecks(at: EngineAtTest): void {
  const { check, checkIf, linked } = at;

  check('reacts to a message, puts another reaction in its place and takes it back', async () => {
    const { engine, recording } = await linked();
    const chatId = at.harness.contact as ChatId;
    await at.harness.say({ from: at.harness.contact, text: 'what do you say' });
    const { wireId } = await recording.untilMessage((each) => each.text === 'what do you say');
    for (const emoji of ['👍', '❤️', '']) {
      const receipt = await engine.send({ type: 'reaction', chatId, targetWireId: wireId, emoji }, null);
      expect(receipt.wireId).toBe(wireId);
    }
    const stanza = stanzaOf(wireId);
    expect(await at.harness.reactions(3)).toEqual(['👍', '❤️', ''].map((emoji) => ({ stanza, emoji })));
    // No message came of it.
    expect(await at.harness.inbox(0)).toHaveLength(0);
  });

  check('reacts to a message of its own', async () => {
    const { engine } = await linked();
    const chatId = at.harness.contact as ChatId;
    const { wireId } = await engine.send({ type: 'text', chatId, text: 'mine' }, idFor(engine, chatId));
    await at.harness.inbox(1);
    await engine.send({ type: 'reaction', chatId, targetWireId: wireId, emoji: '🎉' }, null);
    expect(await at.harness.reactions(1)).toEqual([{ stanza: stanzaOf(wireId), emoji: '🎉' }]);
  });

  checkIf('groups', 'reacts in a group', async () => {
    const { engine, recording } = await linked();
    await at.harness.say({ from: at.harness.contact, group: at.harness.group, text: 'all of you' });
    const { wireId } = await recording.untilMessage((each) => each.text === 'all of you');
    const chatId = at.harness.group as ChatId;
    await engine.send({ type: 'reaction', chatId, targetWireId: wireId, emoji: '👋' }, null);
    const [reaction] = await at.harness.reactions(1);
    expect(reaction).toEqual({ stanza: stanzaOf(wireId), emoji: '👋' });
  });

  check('refuses to react to what it does not know, and to a message of another chat', async () => {
    const { engine, recording } = await linked();
    await at.harness.say({ from: at.harness.contact, text: 'here' });
    const { wireId } = await recording.untilMessage((each) => each.text === 'here');
    const chatId = at.harness.contact as ChatId;
    for (const wrong of [
      { chatId, targetWireId: `false_${at.harness.contact}_3EB0DOESNOTEXIST` as WireId },
      { chatId: at.harness.otherContact as ChatId, targetWireId: wireId },
    ]) {
      const error = await failure(engine.send({ type: 'reaction', emoji: '👍', ...wrong }, null));
      expect(error).toMatchObject({ outcome: 'fail', code: 'WAB_MESSAGE_UNKNOWN' });
    }
    expect(await at.harness.reactions(0)).toEqual([]);
  });

  check('marks a chat as read, and that chat alone', async () => {
    const { engine, recording } = await linked();
    await at.harness.say({ from: at.harness.otherContact, text: 'not this one' });
    await at.harness.say({ from: at.harness.contact, text: 'first' });
    await at.harness.say({ from: at.harness.contact, text: 'second' });
    await recording.untilMessage((each) => each.text === 'not this one');
    await recording.untilMessage((each) => each.text === 'second');
    expect(await at.harness.read(0)).toBe(0);
    await engine.markSeen(at.harness.contact as ChatId);
    expect(await at.harness.read(2)).toBe(2);
    await engine.markSeen(at.harness.contact as ChatId);
    await engine.markSeen(at.harness.otherContact as ChatId);
    expect(await at.harness.read(3)).toBe(3);
  });

  check('shows the other side that it is writing, recording, and no longer', async () => {
    const { engine } = await linked();
    const states = ['composing', 'recording', 'paused'] as const;
    for (const state of states) await engine.setTyping(at.harness.contact as ChatId, state);
    expect(await at.harness.typing(3)).toEqual(states);
  });

  check('refuses acts in a chat that does not exist, and all of them while it is not connected', async () => {
    const { engine } = await linked();
    const acts = (chatId: ChatId): Promise<unknown>[] => [
      engine.markSeen(chatId),
      engine.setTyping(chatId, 'composing'),
    ];
    for (const act of acts(at.harness.unknownChat as ChatId))
      expect(await failure(act)).toMatchObject({ outcome: 'fail', code: 'WAB_CHAT_UNKNOWN' });
    await engine.stop();
    const chatId = at.harness.contact as ChatId;
    const targetWireId = `false_${at.harness.contact}_3EB0LATER` as WireId;
    const reaction = engine.send({ type: 'reaction', chatId, targetWireId, emoji: '👍' }, null);
    for (const act of [...acts(chatId), reaction])
      expect(await failure(act)).toMatchObject({ outcome: 'defer', code: 'WAB_SESSION_NOT_READY' });
  });
}
