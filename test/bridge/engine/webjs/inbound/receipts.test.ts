/** For which messages of this account the page is asked for receipts, and which of its answers are news. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Address } from '../../../../../bridge/src/contract/address.ts';
import type { ChatId, MessageId } from '../../../../../bridge/src/contract/ids.ts';
import type { EngineFact } from '../../../../../bridge/src/engine/engine.ts';
import { DEADLINES, TransportError } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import { FactReporter } from '../../../../../bridge/src/engine/webjs/inbound/fact-reporter.ts';
import { InboundMessages } from '../../../../../bridge/src/engine/webjs/inbound/inbound-messages.ts';
import type { RawMessage } from '../../../../../bridge/src/engine/webjs/inbound/raw-message.ts';
import { Receipts } from '../../../../../bridge/src/engine/webjs/inbound/receipts.ts';
import type { UnreadMessage } from '../../../../../bridge/src/engine/webjs/login/profile.ts';
import type { PageReceipts } from '../../../../../bridge/src/engine/webjs/page/page-receipts.ts';
import { ManualClock, settle, silent } from '../../../sessions/fake-engine.ts';
import type { AddressBook } from '../../../../../bridge/src/engine/webjs/inbound/address-book.ts';
import type { PageCalls } from '../../../../../bridge/src/engine/webjs/page/page-calls.ts';

const CHAT = '1@c.us' as ChatId;
const ROUND = DEADLINES.receipts;
const DAY_S = 24 * 3600;
const id = (name: string | number): MessageId => `true_${CHAT}_${name}` as MessageId;

let clock: ManualClock;
let asked: string[][];
/** How far messages have come, as the page has it: level and kind. */
let page: Map<MessageId, { ack: number; type?: string }>;
let away: boolean;
let failed: string | undefined;
let refuses: boolean;
/** What was reported of messages: `<name> <level>`. */
let got: string[];
let facts: FactReporter;
let inbound: InboundMessages;
let receipts: Receipts;

function make(remembered: readonly UnreadMessage[] = []): void {
  const call = async (_fn: unknown, _ms: number, ids: MessageId[]): Promise<PageReceipts> => {
    asked.push(ids);
    if (away) throw new TransportError('the page is away');
    const known = ids.flatMap((messageId) => {
      const has = page.get(messageId);
      return has ? [{ messageId, chat: CHAT, type: 'chat', ...has }] : [];
    });
    return failed === undefined ? { receipts: known } : { receipts: [], failed };
  };
  const stopped = new AbortController().signal;
  const listener = {
    signal: () => undefined,
    fact: async (fact: EngineFact) => {
      if (refuses) throw new Error('the log takes nothing now');
      if (fact.type === 'message.acknowledged') got.push(`${fact.data.messageId.split('_')[2]} ${fact.data.ack}`);
      else got.push(fact.type);
    },
  };
  const serverClock = { seconds: Infinity };
  facts = new FactReporter(listener, { reportedUntil: 0, behind: [] }, { clock, serverClock }, silent);
  facts.expect([]);
  receipts = new Receipts(
    {
      page: () => ({ call }) as unknown as PageCalls,
      deadlines: DEADLINES,
      found: (message, level) => inbound.receipt(message, level),
      stopped,
      clock,
      serverClock: clock.server,
      log: silent,
    },
    remembered,
  );
  inbound = new InboundMessages({
    facts,
    addresses: { find: async (chatId: ChatId): Promise<Address> => ({ chatId }) } as unknown as AddressBook,
    account: () => ({ self: null, linkedAt: 0 }),
    undecrypted: { came: () => undefined, settle: () => undefined },
    receipts,
    deadlines: DEADLINES,
    stopped,
    clock,
    log: silent,
  });
}
const now = (): number => clock.now() / 1000;
const own = (name: string, ack: number, type = 'chat'): RawMessage => ({
  id: { fromMe: true, remote: CHAT, id: name, _serialized: id(name) },
  from: 'me@c.us',
  t: now(),
  type,
  ack,
});
const levels = (): Record<string, number> =>
  Object.fromEntries(receipts.unread.map(({ messageId, level }) => [messageId.split('_')[2], level]));

beforeEach(() => {
  clock = new ManualClock();
  asked = [];
  page = new Map();
  away = refuses = false;
  failed = undefined;
  got = [];
  make();
});

describe('what is remembered', () => {
  test('messages of this account until they are read, voice messages until they are played', async () => {
    for (const name of ['text', 'other']) inbound.acknowledged(own(name, 1), 1);
    inbound.acknowledged(own('voice', 1, 'ptt'), 1);
    inbound.message(own('phone', 1));
    inbound.message({ ...own('theirs', 0), id: { ...own('theirs', 0).id, fromMe: false } });
    await settle();
    expect(levels()).toEqual({ text: 1, other: 1, voice: 1, phone: 1 });
    for (const [name, type] of [['text', 'chat'] as const, ['voice', 'ptt'] as const]) {
      inbound.acknowledged(own(name, 2, type), 2);
      inbound.acknowledged(own(name, 3, type), 3);
    }
    inbound.acknowledged(own('other', 2), 2);
    await settle();
    expect(levels()).toEqual({ other: 2, voice: 3, phone: 1 });
    inbound.acknowledged(own('voice', 4, 'ptt'), 4);
    inbound.acknowledged(own('other', -1), -1);
    await settle();
    expect(levels()).toEqual({ phone: 1 });
  });

  test('a level only once it is durable', async () => {
    inbound.acknowledged(own('a', 1), 1);
    await settle();
    refuses = true;
    inbound.acknowledged(own('a', 3), 3);
    await settle();
    expect(levels()).toEqual({ a: 1 });
    refuses = false;
    await clock.pass(1_000);
    await settle();
    expect(got).toContain('a read');
    expect(levels()).toEqual({});
  });

  test('no more than a limit, and none for longer than a device stays linked', () => {
    receipts.sent(id('ancient'), now() - 15 * DAY_S);
    for (let index = 0; index < 1_100; index++) receipts.sent(id(index), now() + index);
    expect(receipts.unread).toHaveLength(1_000);
    expect(receipts.unread[0]).toEqual({ messageId: id(100), t: now() + 100, level: 1 });
  });
});

describe('what the page is asked', () => {
  const remembered = (name: string, level: number, age = DAY_S): UnreadMessage => ({
    messageId: id(name),
    t: now() - age,
    level,
  });

  test('at ready: what is above the level on record is reported, once', async () => {
    make([remembered('same', 2), remembered('read', 2), remembered('gone', 1), remembered('less', 2)]);
    void receipts.watch();
    page.set(id('same'), { ack: 2 }).set(id('read'), { ack: 3 }).set(id('less'), { ack: 1 });
    receipts.ready();
    receipts.ready();
    await settle();
    expect(got).toEqual(['read read']);
    expect(levels()).toEqual({ same: 2, gone: 1, less: 2 });
    receipts.ready();
    await settle();
    expect(got).toEqual(['read read']);
  });

  test('what is reported in another way while it waits behind its chat is not reported again', async () => {
    make([remembered('a', 2)]);
    void receipts.watch();
    page.set(id('a'), { ack: 3 });
    facts.hold();
    receipts.ready();
    await settle();
    expect(got).toEqual([]);
    inbound.missed({ ...own('a', 3), t: now() - DAY_S });
    facts.expect([]);
    await settle();
    expect(got.filter((each) => each === 'a read')).toHaveLength(1);
  });

  test('in portions', async () => {
    make(Array.from({ length: 250 }, (_, index) => remembered(String(index), 1)));
    void receipts.watch();
    receipts.ready();
    await settle();
    expect(asked.map(({ length }) => length)).toEqual([100, 100, 50]);
  });

  test.each([
    ['is away', () => (away = true), () => (away = false)],
    ['cannot read its store', () => (failed = 'no store'), () => (failed = undefined)],
  ])('again in the next round where the page %s', async (_how, fail, repair) => {
    make([remembered('a', 2)]);
    page.set(id('a'), { ack: 3 });
    void receipts.watch();
    fail();
    receipts.ready();
    await settle();
    await clock.pass(ROUND);
    expect(asked).toHaveLength(2);
    expect(got).toEqual([]);
    repair();
    await clock.pass(ROUND);
    await settle();
    expect(got).toEqual(['a read']);
  });

  test('regularly, less and less often: the library says nothing of a message that the page did not load', async () => {
    make([remembered('a', 2)]);
    void receipts.watch();
    receipts.sent(id('new'), now());
    for (let round = 0; round < 240; round++) await clock.pass(ROUND);
    const times = asked.flat().filter((each) => each === id('new')).length;
    expect(times).toBeGreaterThan(10);
    expect(times).toBeLessThan(60);
    expect(asked.flat().filter((each) => each === id('a')).length).toBeLessThan(5);
    page.set(id('new'), { ack: 2 });
    for (let round = 0; round < 40; round++) await clock.pass(ROUND);
    expect(got).toEqual(['new delivered']);
  });
});
