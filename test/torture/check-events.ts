/**
 * The promise about events: what the far end had for the account is in the log once, in its order, at growing positions;
 * and every event of the log reaches every durable subscription whose filter it passes, in order, until it is acknowledged.
 */
import { doubtedIds } from './check-sends.ts';
import { repeated, type Finding } from './finding.ts';
import { entriesOf, type Delivered, type Entry, type Logged, type Read, type Subscribed } from './history.ts';

export function checkEvents(history: readonly Entry[]): Finding[] {
  const log = entriesOf(history, 'logged');
  return [
    ...checkPositions(log),
    ...checkReceived(history, log),
    ...checkSent(history, log),
    ...entriesOf(history, 'reset').map(({ reader, reason }) =>
      finding('lost event', `${reader} was reset (${reason})`),
    ),
    ...entriesOf(history, 'subscribed').flatMap((reader) => checkReader(history, log, reader)),
  ];
}

function checkPositions(log: readonly Logged[]): Finding[] {
  const behind = log.filter(({ seq }, index) => index > 0 && seq <= log[index - 1]!.seq);
  return [
    ...behind.map(({ event, seq }) => finding('wrong position', `${event} is in the log at ${seq}, after a later one`)),
    ...[...repeated(log.map(({ event }) => event))].map(([event, times]) =>
      finding('doubled event', `${event} is in the log ${times} times`),
    ),
  ];
}

/** Each message that was said is received once, within its chat in the order in which it was said. */
function checkReceived(history: readonly Entry[], log: readonly Logged[]): Finding[] {
  const received = log.filter(({ type }) => type === 'message.received');
  const places = new Map<string, number[]>();
  for (const [place, { messageId = '' }] of received.entries())
    places.set(messageId, [...(places.get(messageId) ?? []), place]);
  const findings: Finding[] = [];
  const last = new Map<string, number>();
  const said = entriesOf(history, 'said');
  for (const { messageId, chat } of said) {
    const [place, ...more] = places.get(messageId) ?? [];
    if (place === undefined) {
      findings.push(finding('lost event', `the message ${messageId} was never received`));
      continue;
    }
    if (more.length > 0)
      findings.push(finding('doubled event', `the message ${messageId} was received ${more.length + 1} times`));
    if (place < (last.get(chat) ?? -1))
      findings.push(
        finding('swapped events', `the message ${messageId} was received before one that was said earlier`),
      );
    last.set(chat, Math.max(place, last.get(chat) ?? -1));
  }
  const known = new Set(said.map(({ messageId }) => messageId));
  const strange = received.filter(({ messageId }) => !known.has(messageId ?? ''));
  return [...findings, ...strange.map(({ event }) => finding('uncalled-for event', `${event}: nobody said that`))];
}

/** Each message that was accepted and is not in doubt has one event that tells of it as sent. */
function checkSent(history: readonly Entry[], log: readonly Logged[]): Finding[] {
  const sent = log.flatMap(({ type, outboxId }) =>
    type === 'message.sent' && outboxId !== undefined ? [outboxId] : [],
  );
  const [told, doubted] = [new Set(sent), doubtedIds(history)];
  const accepted = new Set(entriesOf(history, 'answered').flatMap(({ id }) => (id === undefined ? [] : [id])));
  return [
    ...[...repeated(sent)].map(([id, times]) => finding('doubled event', `${id} was told as sent ${times} times`)),
    ...[...accepted]
      .filter((id) => !told.has(id) && !doubted.has(id))
      .map((id) => finding('lost event', `${id} was accepted and never told as sent`)),
  ];
}

function checkReader(history: readonly Entry[], log: readonly Logged[], { reader, types }: Subscribed): Finding[] {
  const expected = log.filter(({ type }) => types === null || types.includes(type));
  const own = entriesOf(history, 'delivered', 'acked', 'refused').filter((entry) => entry.reader === reader);
  const acked = new Set(own.flatMap(({ kind, event }) => (kind === 'acked' ? [event] : [])));
  const byId = new Map(expected.map((each) => [each.event, each]));
  const end = log.at(-1)?.seq ?? -1;
  const deliveries = own.filter((entry) => entry.kind === 'delivered');
  return [
    ...expected
      .filter(({ event }) => !acked.has(event))
      .map(({ event }) => finding('lost event', `${event} never came to ${reader} so that it could acknowledge it`)),
    ...deliveries
      // What came after the log was looked at cannot be compared with it.
      .filter(({ event, seq, lane }) => seq <= end && !isAt(byId.get(event), seq, lane))
      .map(({ event, seq }) =>
        byId.has(event)
          ? finding('wrong position', `${event} came to ${reader} with the position ${seq}, or of another chat`)
          : finding('uncalled-for event', `${event} came to ${reader} and is not in the log, or is not what it reads`),
      ),
    ...checkDeliveries(own, reader),
  ];
}

const isAt = (logged: Logged | undefined, seq: number, lane: string): boolean =>
  logged !== undefined && logged.seq === seq && logged.lane === lane;

/** The newest event that a reader got of a lane. */
interface Head {
  delivery: Delivered;
  /** The connection on which the reader acknowledged it; null until it does. */
  ackedOn: number | null;
  refused: boolean;
}

/**
 * Within a lane: positions grow; an event follows only once the one before it was acknowledged; and an event comes again
 * only if it was refused, or its connection ended before the bridge can be known to have the acknowledgement.
 */
function checkDeliveries(own: readonly (Delivered | Read)[], reader: string): Finding[] {
  const heads = new Map<string, Head>();
  const laneOf = new Map<string, string>();
  const findings: Finding[] = [];
  const say = (rule: Finding['rule'], event: string, what: string): void =>
    void findings.push(finding(rule, `${event} came to ${reader} ${what}`));
  for (const entry of own) {
    if (entry.kind !== 'delivered') {
      const head = heads.get(laneOf.get(entry.event) ?? '');
      if (head?.delivery.event !== entry.event) continue;
      if (entry.kind === 'acked') head.ackedOn = entry.connection;
      else head.refused = true;
      continue;
    }
    const { event, seq, lane, attempt, connection } = entry;
    const head = heads.get(lane);
    laneOf.set(event, lane);
    if (head?.delivery.event === event) {
      if (attempt <= head.delivery.attempt) say('repeated event', event, `twice as attempt ${attempt}`);
      if (head.ackedOn === connection) say('repeated event', event, 'again after its acknowledgement');
      else if (head.delivery.connection === connection && !head.refused) say('repeated event', event, 'again unasked');
    } else if (head !== undefined && seq <= head.delivery.seq) {
      say('repeated event', event, `after ${head.delivery.event}, a later one of its chat`);
    } else if (head !== undefined && head.ackedOn === null) {
      say('overtaken event', event, `before ${head.delivery.event} of its chat was acknowledged`);
    }
    if (head !== undefined && seq < head.delivery.seq) continue;
    heads.set(lane, { delivery: entry, ackedOn: null, refused: false });
  }
  return findings;
}

const finding = (rule: Finding['rule'], what: string): Finding => ({ rule, what });
