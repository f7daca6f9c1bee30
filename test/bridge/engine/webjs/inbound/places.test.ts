/** The place of a message that cannot be read yet among the events of its chat, also while the chat is caught up with. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Address } from '../../../../../bridge/src/contract/address.ts';
import type { ChatId } from '../../../../../bridge/src/contract/ids.ts';
import type { EngineFact } from '../../../../../bridge/src/engine/engine.ts';
import { DEADLINES } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import { FactReporter } from '../../../../../bridge/src/engine/webjs/inbound/fact-reporter.ts';
import { InboundMessages } from '../../../../../bridge/src/engine/webjs/inbound/inbound-messages.ts';
import type { RawMessage } from '../../../../../bridge/src/engine/webjs/inbound/raw-message.ts';
import { messageOf } from '../../../../conformance/engine-recording.ts';
import { ManualClock, settle, silent } from '../../../sessions/fake-engine.ts';
import type { AddressBook } from '../../../../../bridge/src/engine/webjs/inbound/address-book.ts';

const A = 'a@c.us' as ChatId;
const B = 'b@c.us' as ChatId;

let clock: ManualClock;
let got: string[];
let facts: FactReporter;
let inbound: InboundMessages;
let life: AbortController;

const text = (name: string, chat = A): RawMessage => ({
  id: { fromMe: false, remote: chat, id: name, _serialized: `false_${chat}_${name}` },
  from: chat,
  t: 200,
  type: 'chat',
  body: name,
});
const sealed = (name: string, chat = A): RawMessage => ({ ...text(name, chat), type: 'ciphertext', body: null });

beforeEach(() => {
  clock = new ManualClock();
  life = new AbortController();
  got = [];
  const listener = {
    signal: () => undefined,
    fact: async (fact: EngineFact) => {
      got.push(messageOf(fact)?.messageId.split('_').at(-1) ?? fact.type);
    },
  };
  const serverClock = { seconds: Infinity };
  facts = new FactReporter(listener, { reportedUntil: 100, behind: [] }, { clock, serverClock }, silent);
  inbound = new InboundMessages({
    facts,
    addresses: { find: async (chatId: ChatId): Promise<Address> => ({ chatId }) } as unknown as AddressBook,
    account: () => ({ self: null, linkedAt: 0 }),
    undecrypted: { came: () => undefined, settle: () => undefined },
    receipts: { sent: () => undefined, recorded: () => undefined, isNews: () => true },
    deadlines: DEADLINES,
    stopped: life.signal,
    clock,
    log: silent,
  });
});
afterEach(async () => {
  life.abort();
  await facts.stop();
});

/** A message was announced that cannot be read, and a catch-up of its chat found it and others after it. */
function caughtUp(...after: string[]): void {
  facts.expect([{ id: A, otherId: null }]);
  inbound.undecrypted(sealed('late'));
  inbound.missed(sealed('late'));
  for (const name of after) inbound.missed(text(name));
}

const ways: [string, (raw: RawMessage) => void][] = [
  ['the library tells of it', (raw) => inbound.message(raw)],
  ['the page is asked for it', (raw) => inbound.decrypted(raw)],
];

test.each(ways)('comes before what the catch-up found after it, once (%s)', async (_what, read) => {
  caughtUp('second', 'third');
  inbound.message(text('live'));
  facts.settle(A);
  await settle();
  expect(got).toEqual([]);
  read(text('late'));
  await facts.drained();
  expect(got).toEqual(['late', 'second', 'third', 'live']);
});

test('what happened at an impossible time keeps nothing else from being reported', async () => {
  for (const at of [new Date(9e15), new Date('2099-01-01')]) {
    const fact = (): never => {
      throw new Error('it was to be reported');
    };
    inbound.happened({ type: 'poll.voted', name: 'vote_update', read: () => ({ chat: A, at, people: [], fact }) }, {});
  }
  facts.expect([{ id: A, otherId: null }]);
  inbound.message(text('live'));
  facts.settle(A);
  await facts.drained();
  expect(got).toEqual(['live']);
});

test('comes after what the catch-up found before it', async () => {
  facts.expect([{ id: A, otherId: null }]);
  inbound.undecrypted(sealed('late'));
  inbound.missed(text('first'));
  inbound.missed(sealed('late'));
  inbound.missed(text('second'));
  facts.settle(A);
  inbound.decrypted(text('late'));
  await facts.drained();
  expect(got).toEqual(['first', 'late', 'second']);
});

test('is kept once although several catch-ups find the message', async () => {
  caughtUp('second');
  inbound.missed(sealed('late'));
  inbound.missed(text('late'));
  facts.settle(A);
  inbound.decrypted(text('late'));
  await facts.drained();
  expect(got).toEqual(['late', 'second']);
});

test('holds up no other chat', async () => {
  caughtUp('second');
  facts.settle(A);
  inbound.message(text('elsewhere', B));
  await settle();
  expect(got).toEqual(['elsewhere']);
});

test('is given up after a while, and the message comes when it can be read', async () => {
  caughtUp('second');
  facts.settle(A);
  inbound.message(text('live'));
  await settle();
  expect(got).toEqual([]);
  await clock.pass(DEADLINES.decryption);
  await facts.drained();
  expect(got).toEqual(['second', 'live']);
  inbound.decrypted(text('late'));
  await facts.drained();
  expect(got).toEqual(['second', 'live', 'late']);
});

test('of a message that no catch-up finds is among what was announced', async () => {
  facts.expect([{ id: A, otherId: null }]);
  inbound.undecrypted(sealed('late'));
  inbound.message(text('live'));
  inbound.missed(text('missed'));
  facts.settle(A);
  await settle();
  expect(got).toEqual(['missed']);
  inbound.message(text('late'));
  await facts.drained();
  expect(got).toEqual(['missed', 'late', 'live']);
});
