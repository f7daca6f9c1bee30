/** Messages that were not announced, and chats that could not be read. */
import { describe, expect, test } from '@jest/globals';
import { MINUTE, make, SHORT_DEADLINES, message } from './health-harness.ts';

describe('health of a session that may have missed something', () => {
  test('an unannounced new message: told, listeners renewed while new events wait, caught up, told that it works', async () => {
    const { session, pass, reported, caughtUpFrom, facts } = make();
    await pass(MINUTE);
    session.stored = [message('A', 1_005), message('B', 1_003)];
    const held: boolean[] = [];
    session.onMeasure = () => held.push(facts.holding);
    await pass(MINUTE);
    expect(reported()).toEqual(['recovered', expect.stringContaining('2 new messages'), 'recovered']);
    expect(session.measures).toEqual(['reattach']);
    expect(held).toEqual([true]);
    expect(caughtUpFrom).toEqual([1_003]);
  });

  test('a message that is announced a moment later is none of that', async () => {
    const { session, pass, reported, missedMessages } = make();
    await pass(MINUTE);
    session.stored = [message('A', 1_005)];
    session.onSwept = () =>
      missedMessages.received({ id: { fromMe: false, id: 'A', remote: 'somebody@c.us' }, t: 1_005, type: 'chat' });
    await pass(MINUTE);
    expect(session.measures).toEqual([]);
    expect(reported()).toEqual(['recovered']);
  });

  test('what the page holds without announcing it is caught up with, and nothing is healed', async () => {
    const { session, pass, reported, caughtUpFrom } = make();
    await pass(MINUTE);
    session.stored = [message('from its history', 1_010, false)];
    await pass(MINUTE);
    expect(caughtUpFrom).toEqual([1_010]);
    expect(session.measures).toEqual([]);
    expect(reported()).toEqual(['recovered']);
  });

  test('what was missed stays missing while the catch-up takes long, with the mark before it, and is settled after', async () => {
    const { session, pass, catchUp, facts, missedMessages } = make();
    await pass(MINUTE);
    let come: () => void = () => undefined;
    catchUp.run = () =>
      new Promise((resolve) => {
        come = () => {
          facts.holding = false;
          resolve(true);
        };
      });
    session.stored = [message('A', 970)];
    await pass(MINUTE);
    expect(facts.holds).toEqual([970, 970]);
    expect(missedMessages.notReceived(session.stored)).toHaveLength(1);
    // Longer than it is waited for.
    await new Promise((resolve) => setTimeout(resolve, 5 * SHORT_DEADLINES.examine));
    expect(missedMessages.notReceived(session.stored)).toHaveLength(1);
    come();
    await pass(5_000);
    expect(missedMessages.notReceived(session.stored)).toEqual([]);
  });

  test('what was missed stays missing where the catch-up ended without it', async () => {
    const { session, pass, catchUp, missedMessages } = make();
    await pass(MINUTE);
    catchUp.run = async () => false;
    session.stored = [message('A', 1_005)];
    await pass(MINUTE);
    expect(missedMessages.notReceived(session.stored)).toHaveLength(1);
  });

  test('a kind of message that is never announced costs no browser: it is caught up with each time, and told', async () => {
    const { session, pass, reported, missedMessages, history, clock } = make();
    await pass(MINUTE);
    for (let number = 0; number < 10; number++) {
      session.stored = [message(`odd ${number}`, 1_005 + number)];
      await pass(2 * MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
      expect(missedMessages.notReceived(session.stored)).toEqual([]);
    }
    expect(session.measures).toEqual(['reattach', 'reload']);
    expect(history.browsers).toEqual([]);
    expect(reported().at(-1)).toContain('does not report every message');
    await pass(31 * MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
    expect(reported().at(-1)).toBe('recovered');
  }, 30_000);

  test('sends that fail do not hide messages that are never announced', async () => {
    const { health, session, pass, reported } = make();
    for (let n = 0; n < 4; n++) {
      session.stored = [message(`3EB0A${n}`, 2_000)];
      await pass(2 * MINUTE);
    }
    const borne = reported().at(-1);
    expect(borne).toContain('does not report every message');
    health.reportSending('nothing goes out');
    expect(reported().at(-1)).toBe(borne);
    await pass(40 * MINUTE);
    expect(reported().at(-1)).toBe('nothing goes out');
  });

  test('chats that could not be read: counted, the page is reloaded in two ways, and the rest is left to work', async () => {
    const { session, facts, pass, reported, history, clock } = make();
    await pass(MINUTE);
    facts.unread = 2;
    await pass(10 * MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
    expect(session.measures).toEqual(['reload', 'freshPage']);
    expect(history.browsers).toEqual([]);
    expect(reported().slice(1)).toEqual([
      expect.stringMatching(/^2 chats have missed messages.*reloaded$/),
      expect.stringMatching(/^2 chats have missed messages.*new process$/),
      expect.stringMatching(/^2 chats have missed messages.*requested again$/),
    ]);
    facts.unread = 0;
    await pass(MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
    expect(reported().at(-1)).toBe('recovered');
  }, 30_000);

  test('what is missing of a chat that could not be read is asked for elsewhere, and nobody else waits for it', async () => {
    const { session, facts, pass, caughtUpFrom, missedMessages } = make();
    await pass(MINUTE);
    Object.assign(facts, { unread: 1, owed: 'unread@c.us' });
    session.stored = [{ ...message('A', 1_005), chat: 'unread@c.us' }];
    await pass(5 * MINUTE);
    expect(caughtUpFrom).toEqual([]);
    expect(missedMessages.notReceived(session.stored)).toHaveLength(1);
  });

  test('while a chat stays unread, the others are caught up with, and a page that leaves frames unanswered reconnects', async () => {
    const { session, facts, pass, caughtUpFrom, reported, clock } = make();
    const receive = (): void => void (session.lastReceivedAt = clock.elapsed());
    await pass(MINUTE, receive);
    Object.assign(facts, { unread: 1, owed: 'unread@c.us' });
    await pass(40 * MINUTE, receive);
    session.measures.length = 0;
    session.stored = [message('from its history', 1_010, false)];
    await pass(MINUTE, receive);
    expect(caughtUpFrom).toEqual([1_010]);
    expect(session.measures).toEqual([]);
    session.leavesUnanswered = true;
    await pass(MINUTE, receive);
    expect(session.measures).toEqual(['reconnect']);
    expect(reported().at(-1)).toMatch(/^1 chat has missed messages.*requested again$/);
  }, 30_000);

  test.each([
    ['frames without an answer open another connection', { leavesUnanswered: true }, 'reconnect'],
    ['a message that is not announced renews the listeners', { stored: [message('A', 1_011)] }, 'reattach'],
    ['events that do not come renew the listeners', { receivesEvents: false }, 'reattach'],
  ])(
    'right after the page was reloaded for unread chats, %s',
    async (_, fault, measure) => {
      const { session, facts, pass, clock } = make();
      const receive = (): void => void (session.lastReceivedAt = clock.elapsed());
      await pass(MINUTE, receive);
      facts.unread = 1;
      await pass(6 * MINUTE, receive);
      expect(session.measures).toEqual(['reload', 'freshPage']);
      facts.unread = 0;
      await pass(MINUTE, receive);
      session.measures.length = 0;
      session.onMeasure = () => (session.receivesEvents = true);
      Object.assign(session, fault);
      await pass(MINUTE, receive);
      expect(session.measures).toEqual([measure]);
    },
    30_000,
  );

  test('what was only suspected begins with another connection, whatever was healed before', async () => {
    const { session, pass, clock } = make();
    const receive = (): void => void (session.lastReceivedAt = clock.elapsed());
    await pass(MINUTE, receive);
    session.receivesEvents = false;
    session.onMeasure = (measure) => (session.receivesEvents = measure === 'reload');
    await pass(3 * MINUTE, receive);
    expect(session.measures).toEqual(['reattach', 'reload']);
    session.onMeasure = () => undefined;
    session.leavesUnanswered = true;
    await pass(MINUTE, receive);
    expect(session.measures).toEqual(['reattach', 'reload', 'reconnect']);
  }, 30_000);

  test('what is found while a page that was reloaded for unread chats has its time waits for it', async () => {
    const { session, facts, pass, clock } = make();
    const receive = (): void => void (session.lastReceivedAt = clock.elapsed());
    await pass(MINUTE, receive);
    facts.unread = 1;
    session.onMeasure = () => (session.receivesEvents = false);
    await pass(MINUTE, receive);
    expect(session.measures).toEqual(['reload']);
    session.onMeasure = () => undefined;
    await pass(MINUTE, receive);
    expect(session.measures[1]).toBe('reattach');
  }, 30_000);

  test('while the chats are not listed, a page that does not announce what it has is healed, and nobody waits for the rest', async () => {
    const { session, facts, pass, clock } = make();
    const receive = (): void => void (session.lastReceivedAt = clock.elapsed());
    await pass(MINUTE, receive);
    Object.assign(facts, { unread: Infinity, isListed: false });
    await pass(40 * MINUTE, receive);
    session.measures.length = 0;
    session.stored = [message('from its history', 1_010, false)];
    await pass(MINUTE, receive);
    expect(facts.holds).toEqual([]);
    expect(session.measures).toEqual([]);
    session.stored = [message('new', 1_011)];
    await pass(MINUTE, receive);
    expect(session.measures).toEqual(['reattach']);
  }, 30_000);

  test('chats that stay unread do not change how a session is healed that hears nothing', async () => {
    const { session, facts, pass, clock } = make();
    await pass(MINUTE);
    facts.unread = 1;
    await pass(40 * MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
    session.measures.length = 0;
    session.receivesEvents = false;
    session.onMeasure = () => (session.receivesEvents = true);
    await pass(MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
    expect(session.measures).toEqual(['reattach']);
  }, 30_000);

  test('a page that was reloaded for chats that could not be read is left to the supervisor until it is back', async () => {
    const { session, facts, pass, history } = make();
    await pass(MINUTE);
    facts.unread = 1;
    session.onMeasure = () => (session.isReady = false);
    await pass(15 * MINUTE);
    expect(session.measures).toEqual(['reload']);
    expect(history.browsers).toEqual([]);
  }, 30_000);

  test('a new browser does not begin again with what was tried for chats that could not be read', async () => {
    const first = make();
    await first.pass(MINUTE);
    first.facts.unread = 1;
    await first.pass(5 * MINUTE);
    expect(first.session.measures).toEqual(['reload', 'freshPage']);
    first.stopped.abort();
    const { session, facts, pass, reported } = make(first.history);
    await pass(MINUTE);
    facts.unread = 1;
    await pass(10 * MINUTE);
    expect(session.measures).toEqual([]);
    expect(reported().at(-1)).toContain('requested again');
  }, 30_000);
});
