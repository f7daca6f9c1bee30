/** Ways to spoil a history in which everything went as promised, for tests of the checker. */
import type { Finding } from './finding.ts';
import { entriesOf, type Entry, type EntryOf } from './history.ts';

/** A history with one entry replaced by others. */
export const replace = (history: readonly Entry[], old: Entry, ...by: readonly Entry[]): Entry[] =>
  history.flatMap((entry) => (entry === old ? by : [entry]));
const swap = (history: readonly Entry[], a: Entry, b: Entry): Entry[] =>
  history.map((entry) => (entry === a ? b : entry === b ? a : entry));
const only = <Found>(found: readonly Found[], pick: number): Found => {
  if (found.length === 0) throw new Error('the history has nothing to plant this in');
  return found[pick % found.length]!;
};

/** The arrivals of sends that were accepted for certain and are not in doubt. */
function arrivals(history: readonly Entry[]): EntryOf<'arrived'>[] {
  const accepted = new Map(
    entriesOf(history, 'answered').flatMap(({ send, id }) => (id === undefined ? [] : [[send, id] as const])),
  );
  const doubted = new Set(entriesOf(history, 'settled').flatMap(({ id, state }) => (state === 'in_doubt' ? [id] : [])));
  const texts = new Set(
    entriesOf(history, 'asked').flatMap(({ send, text }) => {
      const id = accepted.get(send);
      return id !== undefined && !doubted.has(id) ? [text] : [];
    }),
  );
  return entriesOf(history, 'arrived').filter(({ text }) => texts.has(text));
}
/** Ids under which a client knows a send to be accepted. */
const acceptedIds = (history: readonly Entry[]): ReadonlySet<string | undefined> =>
  new Set(entriesOf(history, 'answered').flatMap(({ id }) => (id === undefined ? [] : [id])));
const settledOnes = (history: readonly Entry[]): EntryOf<'settled'>[] =>
  entriesOf(history, 'settled').filter(({ id }) => acceptedIds(history).has(id));
/** Two neighbours in one chat. */
function pairOf<Item>(items: readonly Item[], chatOf: (item: Item) => string, pick: number): readonly [Item, Item] {
  const pairs = items.flatMap((item, index): (readonly [Item, Item])[] => {
    const next = items.slice(index + 1).find((other) => chatOf(other) === chatOf(item));
    return next === undefined ? [] : [[item, next]];
  });
  return only(pairs, pick);
}
const received = (history: readonly Entry[]): EntryOf<'logged'>[] =>
  entriesOf(history, 'logged').filter(({ type }) => type === 'message.received');
const firstDeliveries = (history: readonly Entry[]): EntryOf<'delivered'>[] =>
  entriesOf(history, 'delivered').filter(({ attempt }) => attempt === 1);

interface Planted {
  readonly fault: string;
  readonly rule: Finding['rule'];
  readonly plant: (history: readonly Entry[], pick: number) => Entry[];
}

/** Each breaks one promise in a history that has sends and sayings, two in a row in some chat, and one that reuses a key. */
export const PLANTED: readonly Planted[] = [
  {
    fault: 'a send that was accepted does not arrive',
    rule: 'lost send',
    plant: (history, pick) => replace(history, only(arrivals(history), pick)),
  },
  {
    fault: 'a send arrives twice under two ids',
    rule: 'doubled send',
    plant: (history, pick) => {
      const arrived = only(arrivals(history), pick);
      return replace(history, arrived, arrived, { ...arrived, messageId: 'another' });
    },
  },
  {
    fault: 'a send is sent twice under one id',
    rule: 'doubled send',
    plant: (history, pick) => {
      const arrived = only(arrivals(history), pick);
      return replace(history, arrived, { ...arrived, transmissions: 2 });
    },
  },
  {
    fault: 'two sends of a chat arrive in the other order',
    rule: 'swapped sends',
    plant: (history, pick) => swap(history, ...pairOf(arrivals(history), ({ chat }) => chat, pick)),
  },
  {
    fault: 'a send arrives in another chat',
    rule: 'uncalled-for send',
    plant: (history, pick) => {
      const arrived = only(arrivals(history), pick);
      return replace(history, arrived, { ...arrived, chat: 'another' });
    },
  },
  {
    fault: 'a send that was refused arrives',
    rule: 'uncalled-for send',
    plant: (history, pick) => {
      const { chat, text, sha256 } = only(
        entriesOf(history, 'asked').filter(({ reusesKey }) => reusesKey),
        pick,
      );
      return [...history, { kind: 'arrived', chat, text, sha256, messageId: 'another', transmissions: 1 }];
    },
  },
  {
    fault: 'a send is accepted under the key of another',
    rule: 'uncalled-for send',
    plant: (history, pick) => {
      const refused = only(
        entriesOf(history, 'answered').filter(({ outcome }) => outcome === 'refused'),
        pick,
      );
      return replace(history, refused, { ...refused, outcome: 'accepted', id: 'out_other' });
    },
  },
  {
    fault: 'a send is refused for no reason',
    rule: 'lost send',
    plant: (history, pick) => {
      const accepted = only(
        entriesOf(history, 'answered').filter(({ outcome }) => outcome === 'accepted'),
        pick,
      );
      return replace(history, accepted, { kind: 'answered', send: accepted.send, outcome: 'refused' });
    },
  },
  {
    fault: 'a send that was accepted is given up',
    rule: 'lost send',
    plant: (history, pick) => {
      const settled = only(settledOnes(history), pick);
      return replace(history, settled, { ...settled, state: 'failed' });
    },
  },
  {
    fault: 'a send that was accepted is forgotten',
    rule: 'lost send',
    plant: (history, pick) => replace(history, only(settledOnes(history), pick)),
  },
  {
    fault: 'a repeated question gets another id',
    rule: 'changed id',
    plant: (history, pick) => {
      const accepted = only(
        entriesOf(history, 'answered').filter(({ outcome }) => outcome === 'accepted'),
        pick,
      );
      return replace(history, accepted, accepted, { ...accepted, id: 'out_other' });
    },
  },
  {
    fault: 'a file arrives with other bytes',
    rule: 'damaged file',
    plant: (history, pick) => {
      const arrived = only(arrivals(history), pick);
      return replace(history, arrived, { ...arrived, sha256: 'of another' });
    },
  },
  {
    fault: 'a message that was said is not in the log',
    rule: 'lost event',
    plant: (history, pick) => replace(history, only(received(history), pick)),
  },
  {
    fault: 'a message that was said is in the log twice',
    rule: 'doubled event',
    plant: (history, pick) => {
      const logged = only(received(history), pick);
      return replace(history, logged, logged, { ...logged, event: 'another', seq: logged.seq + 1 });
    },
  },
  {
    fault: 'a message that nobody said is in the log',
    rule: 'uncalled-for event',
    plant: (history, pick) => {
      const logged = only(received(history), pick);
      return replace(history, logged, { ...logged, messageId: 'another' });
    },
  },
  {
    fault: 'two messages of a chat are in the log in the other order',
    rule: 'swapped events',
    plant: (history, pick) => {
      const [a, b] = pairOf(received(history), ({ lane }) => lane, pick);
      const withIdOf = (to: EntryOf<'logged'>, from: EntryOf<'logged'>): Entry => ({
        ...to,
        ...(from.messageId === undefined ? {} : { messageId: from.messageId }),
      });
      return history.map((entry) => (entry === a ? withIdOf(a, b) : entry === b ? withIdOf(b, a) : entry));
    },
  },
  {
    fault: 'the positions of the log do not grow',
    rule: 'wrong position',
    plant: (history, pick) => {
      const logged = only(entriesOf(history, 'logged').slice(1), pick);
      return replace(history, logged, { ...logged, seq: 0 });
    },
  },
  {
    fault: 'an event is in the log under two positions',
    rule: 'doubled event',
    plant: (history, pick) => {
      const logged = only(entriesOf(history, 'logged'), pick);
      return replace(history, logged, logged, { ...logged, seq: logged.seq + 1 });
    },
  },
  {
    fault: 'a send that was accepted is not told as sent',
    rule: 'lost event',
    plant: (history, pick) =>
      replace(
        history,
        only(
          entriesOf(history, 'logged').filter(
            ({ type, outboxId }) => type === 'message.sent' && acceptedIds(history).has(outboxId),
          ),
          pick,
        ),
      ),
  },
  {
    fault: 'an event does not come to a reader',
    rule: 'lost event',
    plant: (history, pick) => {
      const { event, reader } = only(firstDeliveries(history), pick);
      return history.filter(
        (entry) => !('reader' in entry && 'event' in entry && entry.reader === reader && entry.event === event),
      );
    },
  },
  {
    fault: 'an event that was refused does not come again',
    rule: 'lost event',
    plant: (history, pick) => {
      const { event, reader, connection } = only(firstDeliveries(history), pick);
      const rest = history.filter(
        (entry) => !(entry.kind === 'acked' && entry.reader === reader && entry.event === event),
      );
      return [...rest, { kind: 'refused', reader, connection, event }];
    },
  },
  {
    fault: 'an event comes again after its acknowledgement on the same connection',
    rule: 'repeated event',
    plant: (history, pick) => {
      const acked = only(entriesOf(history, 'acked'), pick);
      const delivered = entriesOf(history, 'delivered').findLast(
        ({ event, reader }) => event === acked.event && reader === acked.reader,
      )!;
      const { connection } = acked;
      return replace(history, acked, acked, { ...delivered, attempt: delivered.attempt + 5, connection });
    },
  },
  {
    fault: 'an event comes again after a later one of its chat',
    rule: 'repeated event',
    plant: (history, pick) => {
      const all = firstDeliveries(history);
      const [earlier, later] = pairOf(all, ({ reader, lane }) => `${reader} ${lane}`, pick);
      const connection = later.connection + 1;
      return replace(history, later, later, { ...earlier, attempt: earlier.attempt + 5, connection });
    },
  },
  {
    fault: 'an event comes before the one before it is acknowledged',
    rule: 'overtaken event',
    plant: (history, pick) => {
      const all = firstDeliveries(history);
      const [{ event, reader }] = pairOf(all, (each) => `${each.reader} ${each.lane}`, pick);
      const isAck = (entry: Entry): boolean =>
        entry.kind === 'acked' && entry.reader === reader && entry.event === event;
      return [...history.filter((entry) => !isAck(entry)), ...history.filter(isAck)];
    },
  },
  {
    fault: 'an event comes with another position than it has in the log',
    rule: 'wrong position',
    plant: (history, pick) => {
      const delivered = only(firstDeliveries(history).slice(1), pick);
      return replace(history, delivered, { ...delivered, seq: delivered.seq - 1 });
    },
  },
  {
    fault: 'a reader gets what it does not read',
    rule: 'uncalled-for event',
    plant: (history, pick) => {
      const delivered = only(firstDeliveries(history), pick);
      return replace(history, delivered, delivered, { ...delivered, event: 'another', lane: 'another' });
    },
  },
  {
    fault: 'a reader is told that events are gone',
    rule: 'lost event',
    plant: (history) => [...history, { kind: 'reset', reader: 'all', reason: 'expired' }],
  },
  {
    fault: 'the bridge ends by itself',
    rule: 'ended bridge',
    plant: (history) => [{ kind: 'ended', output: 'a fatal error' }, ...history],
  },
  {
    fault: 'the run does not come to rest',
    rule: 'unfinished run',
    plant: (history) => history.filter(({ kind }) => kind !== 'finished'),
  },
];
