/** What was missed is read, over a page whose answers the test decides. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import type { ChatId } from '../../../../../bridge/src/contract/ids.ts';
import type { EngineFact } from '../../../../../bridge/src/engine/engine.ts';
import { CatchUp } from '../../../../../bridge/src/engine/webjs/inbound/catch-up.ts';
import { DEADLINES, TransportError } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import { FactReporter } from '../../../../../bridge/src/engine/webjs/inbound/fact-reporter.ts';
import type { RawMessage } from '../../../../../bridge/src/engine/webjs/inbound/raw-message.ts';
import type { PageCalls } from '../../../../../bridge/src/engine/webjs/page/page-calls.ts';
import type { ChatHistory } from '../../../../../bridge/src/engine/webjs/page/page-functions.ts';
import { ManualClock, settle, silent } from '../../../sessions/fake-engine.ts';

const MARK = 10_000;
/** The slack with which it reads, in seconds. */
const SLACK = 120;
const A = 'a@c.us' as ChatId;
const B = 'b@c.us' as ChatId;
const C = 'c@c.us' as ChatId;
const serverClock = { seconds: Infinity };
const never = (): Promise<never> => new Promise(() => undefined);
const failed: ChatHistory = { state: 'failed', messages: [], reason: 'waitForChatLoading' };
const found = (...names: string[]): ChatHistory => ({ state: 'read', messages: names.map((name) => ({ name })) });

let stopped = new AbortController();
afterEach(() => stopped.abort());

/** A session whose page has the chats of `pages`, each answering as it says. */
function session(pages: Record<ChatId, (since: number) => ChatHistory | Promise<ChatHistory>>) {
  stopped = new AbortController();
  const clock = new ManualClock();
  const got: string[] = [];
  const told = { unread: [] as number[], cut: [] as number[] };
  const asked: { chat: ChatId; since: number }[] = [];
  const page = {
    answers: true,
    list: async (): Promise<unknown> => Object.keys(pages).map((id) => ({ id, otherId: null })),
  };
  const call = async (fn: { name: string }, _ms: number, ...args: readonly unknown[]): Promise<unknown> => {
    if (fn.name === 'chatsActiveSince') return page.list();
    const [chat, since] = args as [ChatId, number];
    asked.push({ chat, since });
    return (pages[chat] ?? (() => found()))(since);
  };
  const listener = {
    signal: () => undefined,
    fact: async (fact: EngineFact) => void got.push((fact.data as { messageId: string }).messageId),
  };
  const facts = new FactReporter(listener, { reportedUntil: MARK, behind: [] }, { clock, serverClock }, silent);
  const make = (name: string) => async () =>
    ({ type: 'message.acknowledged', data: { messageId: name } }) as unknown as EngineFact;
  const catchUp = new CatchUp({
    page: () => ({ call }) as unknown as PageCalls,
    answers: () => page.answers,
    deadlines: DEADLINES,
    facts,
    inbound: {
      missed: (raw: RawMessage) => {
        const { name } = raw as unknown as { name: string };
        facts.reportMissed(name.split(' ')[0] as ChatId, MARK + 1, make(name));
      },
    },
    undecrypted: { look: async () => undefined },
    linkedAt: () => 0,
    cut: (chats) => told.cut.push(chats),
    unread: () => told.unread.push(facts.unread),
    stopped: stopped.signal,
    clock,
    log: silent,
  });
  /** Something just happened in a chat. */
  const live = (chat: ChatId, name: string): void => facts.report(chat, MARK + 2, make(name));
  /** Lets the seconds of the clock pass until something holds; the number of them. */
  const until = async (holds: () => boolean, atMost = 3_600): Promise<number> => {
    for (let seconds = 0; ; seconds += 1) {
      await settle();
      if (holds()) return seconds;
      if (seconds >= atMost) throw new Error('waited in vain');
      await clock.pass(1_000);
      if (seconds % 100 === 0) await wait(1);
    }
  };
  return { catchUp, facts, page, got, asked, told, live, until, clock };
}

describe('catching up', () => {
  test('reads each chat from its mark, or from what was missed before it', async () => {
    const { catchUp, facts, asked } = session({ [A]: () => found() });
    expect(await catchUp.run()).toBe(true);
    facts.hold(8_000);
    expect(await catchUp.run()).toBe(true);
    expect(asked).toEqual([
      { chat: A, since: MARK - SLACK },
      { chat: A, since: 8_000 - 1 - SLACK },
    ]);
  });

  test('a chat goes on as soon as it was read, while another one is still being read', async () => {
    const { catchUp, live, got, until } = session({ [A]: never, [B]: () => found(`${B} missed`) });
    live(B, `${B} live`);
    live(C, `${C} live`);
    void catchUp.run();
    expect(await until(() => got.length === 3)).toBeLessThan(2);
    expect(got.filter((name) => name.startsWith(B))).toEqual([`${B} missed`, `${B} live`]);
  });

  test('a chat of which something waits is read before the others', async () => {
    const answers = new Map<ChatId, () => void>();
    const pages = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [
        `${index}@c.us`,
        () => new Promise<ChatHistory>((resolve) => answers.set(`${index}@c.us` as ChatId, () => resolve(found()))),
      ]),
    );
    const { catchUp, live, asked, until } = session(pages);
    void catchUp.run();
    await until(() => asked.length === 3);
    live('17@c.us' as ChatId, 'live');
    answers.get(asked[0]?.chat as ChatId)?.();
    await until(() => asked.length === 4);
    expect(asked[3]?.chat).toBe('17@c.us');
  });

  test('what was held meanwhile is read again, since something may have been missed again', async () => {
    let answer: () => void = () => undefined;
    const { catchUp, facts, asked, until } = session({
      [A]: (since) => (since === MARK - SLACK ? new Promise((resolve) => (answer = () => resolve(found()))) : found()),
    });
    const first = catchUp.run();
    await until(() => asked.length === 1);
    facts.hold(8_000);
    const joined = catchUp.run();
    answer();
    await until(() => !facts.holding);
    expect(await Promise.all([first, joined])).toEqual([true, true]);
    expect(asked.map(({ since }) => since)).toEqual([MARK - SLACK, 8_000 - 1 - SLACK]);
  });

  test('a page that has loaded something is asked again until it has all', async () => {
    let questions = 0;
    const { catchUp, got, until } = session({
      [A]: () => (++questions < 10 ? { state: 'more', messages: [] } : found(`${A} missed`)),
    });
    void catchUp.run();
    await until(() => got.length === 1, 5);
  });

  test('it is said of how many chats there was too much', async () => {
    const { catchUp, told } = session({
      [A]: () => ({ ...found(), state: 'cut' }),
      [B]: () => ({ ...found(), state: 'cut' }),
      [C]: () => found(),
    });
    await catchUp.run();
    expect(told.cut).toEqual([2]);
  });

  test('a session that ends has not caught up', async () => {
    const { catchUp, facts, asked, until } = session({ [A]: never });
    const run = catchUp.run();
    await until(() => asked.length === 1);
    stopped.abort();
    expect(await run).toBe(false);
    expect(facts.holding).toBe(true);
  });
});

describe('a chat that cannot be read', () => {
  test('is tried a few times, then goes on, and is made good once it works', async () => {
    let works = false;
    const { catchUp, facts, live, got, told, until } = session({
      [A]: () => (works ? found(`${A} missed`) : failed),
      [B]: () => found(`${B} missed`),
    });
    live(A, `${A} live`);
    const run = catchUp.run();
    expect(await until(() => got.includes(`${B} missed`))).toBe(0);
    expect(await until(() => got.includes(`${A} live`))).toBeLessThan(10);
    expect(await run).toBe(true);
    expect(told.unread).toEqual([1]);
    expect(facts.behind).toEqual([{ chat: A, since: MARK }]);
    works = true;
    await until(() => got.includes(`${A} missed`), DEADLINES.catchUpAgain / 1_000 + 2);
    expect([facts.unread, facts.behind]).toEqual([0, []]);
  });

  test('tells what the page holds of it before it goes on', async () => {
    const { catchUp, live, got, until } = session({
      [A]: () => ({ ...failed, messages: [{ name: `${A} held` }] }),
    });
    live(A, `${A} live`);
    void catchUp.run();
    await until(() => got.length === 2, 10);
    expect(got).toEqual([`${A} held`, `${A} live`]);
  });

  test('is asked for less and less often', async () => {
    const { catchUp, asked, until, clock } = session({ [A]: () => failed });
    void catchUp.run();
    const begun = clock.now();
    await until(() => clock.now() - begun >= 3_600_000);
    expect(asked.length).toBeGreaterThan(8);
    expect(asked.length).toBeLessThan(20);
  });

  test.each([
    ['is never answered', never],
    ['is cut off by the page', () => Promise.reject(new TransportError('the answer is too long'))],
  ])('because the question %s: it goes on after a limited time, others at once', async (_how, answer) => {
    const { catchUp, facts, live, got, until } = session({ [A]: answer, [B]: () => found() });
    live(A, `${A} live`);
    live(B, `${B} live`);
    void catchUp.run();
    expect(await until(() => got.includes(`${B} live`))).toBeLessThan(2);
    expect(await until(() => got.includes(`${A} live`))).toBeLessThanOrEqual(DEADLINES.catchUpWait / 1_000 + 1);
    expect(facts.unread).toBe(1);
  });

  test('nor can any other, and there are hundreds of them: what is said goes on after a limited time', async () => {
    const pages = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`${index}@c.us`, never]));
    const { catchUp, facts, live, got, told, until } = session(pages);
    live('250@c.us' as ChatId, 'live');
    void catchUp.run();
    expect(await until(() => got.length === 1)).toBeLessThanOrEqual(DEADLINES.catchUpWait / 1_000 + 1);
    expect(await until(() => !facts.holding)).toBeLessThan(5);
    expect(told.unread.at(-1)).toBe(300);
    expect(facts.reportedUntil).toBe(MARK);
  });
});

describe('a list of chats that cannot be read', () => {
  test('lets everything go on after a limited time, without moving the mark, and is asked for again', async () => {
    const { catchUp, facts, page, live, got, told, until } = session({ [A]: () => found(`${A} missed`) });
    const list = page.list;
    page.list = () => Promise.reject(new TransportError('Chat is undefined'));
    live(A, `${A} live`);
    void catchUp.run();
    expect(await until(() => got.length === 1)).toBeLessThanOrEqual(DEADLINES.catchUpWait / 1_000 + 6);
    expect(told.unread).toEqual([Infinity]);
    expect(facts.reportedUntil).toBe(MARK);
    page.list = list;
    await until(() => got.includes(`${A} missed`), 60);
    await until(() => facts.unread === 0, 5);
    expect(facts.isListed).toBe(true);
  });
});

describe('a page that is away or busy', () => {
  test('is waited for, however long: nothing is let go, since nothing new comes from it either', async () => {
    const { catchUp, facts, page, live, got, told, until, clock } = session({ [A]: () => found(`${A} missed`) });
    const list = page.list;
    page.answers = false;
    page.list = () => Promise.reject(new TransportError('it is not connected'));
    live(A, `${A} live`);
    void catchUp.run();
    const begun = clock.now();
    await until(() => clock.now() - begun > 600_000);
    expect([got, told.unread, facts.holding]).toEqual([[], [], true]);
    Object.assign(page, { answers: true, list });
    await until(() => got.length === 2, 10);
    expect(got).toEqual([`${A} missed`, `${A} live`]);
  });

  test('counts as unanswered only while it gives no answer in time', async () => {
    const { catchUp, page, until } = session({ [A]: () => found() });
    const list = page.list;
    page.list = () => Promise.reject(new TransportError('the page is silent', { late: true }));
    void catchUp.run();
    await until(() => catchUp.unanswered === 3, 30);
    page.list = list;
    await until(() => catchUp.unanswered === 0, 10);
  });

  test('is asked at once when it is back', async () => {
    const { catchUp, facts, page, until } = session({ [A]: () => found() });
    const list = page.list;
    page.list = () => Promise.reject(new TransportError('it is not connected'));
    void catchUp.run();
    await settle();
    facts.hold();
    page.list = list;
    void catchUp.run();
    expect(await until(() => !facts.holding)).toBeLessThan(2);
  });
});
