/** What an engine keeps and makes up for over restarts and lost lines, and how it ends. */
import { expect } from '@jest/globals';
import { isSameAccount } from '../../../bridge/src/contract/address.ts';
import type { ChatId } from '../../../bridge/src/contract/ids.ts';
import type { EngineError } from '../../../bridge/src/engine/engine.ts';
import { messageOf } from '../engine-recording.ts';
import { failure, idFor, type EngineAtTest } from './engine-at-test.ts';

export function restartChecks(at: EngineAtTest): void {
  const { check, checkIf, end, launch, linked } = at;

  check('restores the session after a restart without a QR, and still knows what was sent', async () => {
    const first = await linked();
    const chatId = at.harness.contact as ChatId;
    const receipt = await first.engine.perform(
      'message.sendText',
      { chatId, text: 'before' },
      idFor(first.engine, chatId),
    );
    await at.harness.inbox(1);
    await end(first.engine);
    const second = await launch();
    await second.recording.untilSignal('ready');
    expect(second.recording.signals.map((signal) => signal.kind)).not.toContain('qr');
    expect(await second.engine.sendStatusOf(receipt.messageId, chatId)).toBe('sent');
  });

  checkIf('offlineBacklog', 'catches up on what arrived while it was stopped, in order', async () => {
    const first = await linked();
    await end(first.engine);
    for (const text of ['missed 1', 'missed 2', 'missed 3']) await at.harness.say({ from: at.harness.contact, text });
    const second = await launch();
    await second.recording.untilMessage((each) => each.text === 'missed 3');
    const texts = [...new Set(second.recording.messages.map((each) => each.text))].filter((text) =>
      text?.startsWith('missed'),
    );
    expect(texts).toEqual(['missed 1', 'missed 2', 'missed 3']);
  });

  checkIf(
    'reconnects',
    'survives a lost line: interrupted, ready again, nothing missed, repeats carry the same id',
    async () => {
      const { recording } = await linked();
      await at.harness.say({ from: at.harness.contact, text: 'before the cut' });
      await recording.untilMessage((each) => each.text === 'before the cut');
      await at.harness.dropConnection();
      await recording.untilSignal('interrupted');
      await at.harness.say({ from: at.harness.contact, text: 'during the cut' });
      await recording.untilMessage((each) => each.text === 'during the cut');
      await recording.untilSignal('ready', 2);
      for (const text of ['before the cut', 'during the cut']) {
        const reports = recording.messages.filter((each) => each.text === text);
        expect(new Set(reports.map((each) => each.messageId)).size).toBe(1);
      }
    },
  );

  checkIf('redelivery', 'reports again, under the same id, what could not be recorded', async () => {
    const first = await linked();
    first.recording.refuseFacts = true;
    await at.harness.say({ from: at.harness.contact, text: 'refused' });
    const refused = await first.recording.until('a message that is refused', () =>
      first.recording.refused.find((fact) => messageOf(fact)?.text === 'refused'),
    );
    await end(first.engine);
    const second = await launch();
    const again = await second.recording.untilMessage((each) => each.text === 'refused');
    expect(messageOf(refused)?.messageId).toBe(again.messageId);
  });

  check('stops within its deadline, again and again, and then reports and sends nothing', async () => {
    const { engine, recording } = await linked();
    const began = performance.now();
    await engine.stop();
    expect(performance.now() - began).toBeLessThan(at.limits.stopWithinMs);
    const reports = recording.entries.length;
    await engine.stop();
    const chatId = at.harness.contact as ChatId;
    const error = await failure(
      engine.perform('message.sendText', { chatId, text: 'too late' }, idFor(engine, chatId)),
    );
    expect(error.outcome).toBe('defer');
    await at.harness.say({ from: at.harness.contact, text: 'nobody listens' });
    expect(await at.harness.inbox(0)).toHaveLength(0);
    expect(recording.entries.length).toBe(reports);
  });

  check('can be stopped before it ever became ready', async () => {
    const { engine, recording } = await launch();
    await recording.untilSignal('qr');
    await engine.stop();
    await engine.stop();
    const waiting = await launch();
    await waiting.recording.untilSignal('qr');
  });

  checkIf('unlink', 'says logged_out when the phone unlinks it, and needs a scan afterwards', async () => {
    const { engine, recording } = await linked();
    await at.harness.unlink();
    await recording.untilSignal('logged_out');
    await end(engine);
    const next = await launch();
    await next.recording.untilSignal('qr');
    expect(next.recording.signals.map((signal) => signal.kind)).not.toContain('ready');
  });

  checkIf('unlink', 'names the account that was linked instead, which has nothing of what the other sent', async () => {
    const { engine, recording } = await linked();
    const first = await recording.untilSignal('ready');
    const chatId = at.harness.contact as ChatId;
    const messageId = idFor(engine, chatId);
    const sent = await engine.perform('message.sendText', { chatId, text: 'from the first' }, messageId);
    await at.harness.unlink();
    await recording.untilSignal('logged_out');
    await end(engine);
    const next = await launch();
    await at.harness.scanByAnother((await next.recording.untilSignal('qr')).code);
    const { self } = await next.recording.untilSignal('ready');
    expect(isSameAccount(self, first.self)).toBe(false);
    const sendStatus = await next.engine
      .sendStatusOf(sent.messageId, chatId)
      .catch(({ outcome }: EngineError) => outcome);
    expect(sendStatus).not.toBe('sent');
  });

  check('logs out: the login state is gone and the next start needs a scan', async () => {
    const { engine } = await linked();
    await engine.logout();
    await end(engine);
    const next = await launch();
    await next.recording.untilSignal('qr');
    expect(next.recording.signals.map((signal) => signal.kind)).not.toContain('ready');
  });
}
