import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RawMessage } from '../../../../../bridge/src/engine/webjs/inbound/raw-message.ts';
import type { StoredMessage } from '../../../../../bridge/src/engine/webjs/page/page-probes.ts';
import { MissedMessageCheck } from '../../../../../bridge/src/engine/webjs/health/missed-message-check.ts';

/** WhatsApp's clock. */
const NOW = { seconds: 5_000 };
const stored = (stanzaId: string, more: Partial<StoredMessage> = {}): StoredMessage => ({
  chat: 'somebody@c.us',
  fromMe: false,
  stanzaId,
  t: 1_000,
  type: 'chat',
  ack: 1,
  fresh: true,
  ...more,
});
const announced = ({ fromMe, stanzaId, t, type, ack }: StoredMessage): RawMessage => ({
  id: { fromMe, id: stanzaId, remote: 'somebody@c.us' },
  t,
  type,
  ack,
});
const stanzas = (messages: readonly StoredMessage[]): string[] => messages.map(({ stanzaId }) => stanzaId);

describe('missed_messages', () => {
  test('finds what the page has and never announced', () => {
    const missedMessages = new MissedMessageCheck(NOW);
    missedMessages.compareFrom(1_000, 0);
    missedMessages.received(announced(stored('A')));
    expect(stanzas(missedMessages.notReceived([stored('A'), stored('B')]))).toEqual(['B']);
  });

  test('leaves out rows that nobody wrote, what the server has not taken, and what is older than the mark', () => {
    const missedMessages = new MissedMessageCheck(NOW);
    missedMessages.compareFrom(1_000, 950);
    const rows = [
      stored('system', { type: 'e2e_notification' }),
      stored('locked', { type: 'ciphertext' }),
      stored('pending', { fromMe: true, ack: 0 }),
      stored('refused', { fromMe: true, ack: -1 }),
      stored('old', { t: 949 }),
      stored('own', { fromMe: true, ack: 1 }),
    ];
    expect(stanzas(missedMessages.notReceived(rows))).toEqual(['own']);
  });

  test('an undecrypted message is waited for elsewhere, an own one counts once the server has it', () => {
    const missedMessages = new MissedMessageCheck(NOW);
    missedMessages.compareFrom(1_000, 0);
    missedMessages.received(announced(stored('late', { type: 'ciphertext' })));
    missedMessages.received(announced(stored('own', { fromMe: true, ack: 0 })));
    expect(stanzas(missedMessages.notReceived([stored('late'), stored('own', { fromMe: true })]))).toEqual(['own']);
    missedMessages.received(announced(stored('own', { fromMe: true, ack: 1 })));
    expect(stanzas(missedMessages.notReceived([stored('late'), stored('own', { fromMe: true })]))).toEqual([]);
  });

  test('nothing from before the session was linked or reported by an earlier run', () => {
    const missedMessages = new MissedMessageCheck(NOW);
    expect(missedMessages.compareFrom(500, 2_000)).toBe(2_000);
    expect(missedMessages.notReceived([stored('before', { t: 1_999 })])).toEqual([]);
    expect(stanzas(missedMessages.notReceived([stored('after', { t: 2_000 })]))).toEqual(['after']);
  });

  test('what was dealt with is not found again', () => {
    const missedMessages = new MissedMessageCheck(NOW);
    missedMessages.compareFrom(1_000, 0);
    const missing = missedMessages.notReceived([stored('A'), stored('B')]);
    missedMessages.settle(missing);
    expect(missedMessages.notReceived([stored('A'), stored('B')])).toEqual([]);
  });

  test('however much is received: nothing that was announced ever counts as missing', () => {
    const message = fc.record({
      stanzaId: fc.integer({ min: 0, max: 99 }).map(String),
      t: fc.integer({ min: 0, max: 300 }),
    });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 60 }),
        fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 10 }),
        fc.integer({ min: 1, max: 10 }),
        (messages, marks, limit) => {
          const missedMessages = new MissedMessageCheck(NOW, limit);
          // One stanza is one message.
          const all = new Map(messages.map(({ stanzaId, t }) => [stanzaId, stored(stanzaId, { t })]));
          const rows = [...all.values()];
          for (const [index, row] of rows.entries()) {
            missedMessages.received(announced(row));
            const mark = marks[index % Math.max(1, marks.length)];
            if (mark !== undefined) missedMessages.compareFrom(mark, 0);
            expect(missedMessages.notReceived(rows.slice(0, index + 1))).toEqual([]);
          }
        },
      ),
    );
  });
});

test('a message dated in the future hides nothing when it is forgotten', () => {
  const missedMessages = new MissedMessageCheck({ seconds: 1_000 }, 1);
  missedMessages.received(announced(stored('A', { t: 1_000_000 })));
  missedMessages.received(announced(stored('B', { t: 1_001 })));
  expect(stanzas(missedMessages.notReceived([stored('C', { t: 1_002 })]))).toEqual(['C']);
});
