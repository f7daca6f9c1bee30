/**
 * The promise about sends: what was accepted arrives exactly once or is declared in doubt, nothing else arrives, and
 * within a chat in the order in which it was asked for.
 */
import { repeated, type Finding } from './finding.ts';
import { entriesOf, type Arrived, type Asked, type Entry } from './history.ts';

/** A send as its client knows it. Moments are places in the history. */
interface Send extends Omit<Asked, 'kind'> {
  readonly askedFirst: number;
  /** When it was known to be accepted; Infinity if it never was. */
  acceptedBy: number;
  readonly ids: Set<string>;
  /** Questions that were not refused. A send that was only ever refused must not arrive. */
  open: number;
  refused: boolean;
}

export function checkSends(history: readonly Entry[]): Finding[] {
  const sends = sendsOf(history);
  const doubted = doubtedIds(history);
  const isDoubted = ({ ids }: Send): boolean => [...ids].some((id) => doubted.has(id));
  const arrived = entriesOf(history, 'arrived');
  const byText = new Map([...sends.values()].map((send) => [send.text, send]));
  return [
    ...checkAnswers(sends),
    ...checkIds(sends),
    ...checkStates(history, sends),
    ...[...sends.values()].flatMap((send) =>
      checkArrivals(
        send,
        arrived.filter(({ text }) => text === send.text),
        isDoubted(send),
      ),
    ),
    ...arrived
      .filter(({ text, chat }) => byText.get(text)?.chat !== chat)
      .map(({ text, chat }) => finding('uncalled-for send', `"${text}" arrived in ${chat}, for which nobody asked`)),
    ...checkOrder(arrived, byText, isDoubted),
  ];
}

/** Ids of messages of which the bridge has said that it does not know whether they were sent. */
export function doubtedIds(history: readonly Entry[]): ReadonlySet<string> {
  return new Set([
    ...entriesOf(history, 'settled').flatMap(({ id, state }) => (state === 'in_doubt' ? [id] : [])),
    ...entriesOf(history, 'logged').flatMap(({ type, outboxId }) =>
      type === 'outbox.in_doubt' && outboxId !== undefined ? [outboxId] : [],
    ),
  ]);
}

function sendsOf(history: readonly Entry[]): ReadonlyMap<number, Send> {
  const sends = new Map<number, Send>();
  for (const [moment, entry] of history.entries()) {
    if (entry.kind === 'asked') {
      const { kind: _kind, ...asked } = entry;
      const unanswered = { askedFirst: moment, acceptedBy: Infinity, ids: new Set<string>(), open: 0, refused: false };
      const send = sends.get(entry.send) ?? { ...asked, ...unanswered };
      send.open += 1;
      sends.set(entry.send, send);
    } else if (entry.kind === 'answered') {
      const send = sends.get(entry.send);
      if (send === undefined) throw new Error(`the history answers send ${entry.send}, for which nobody asked`);
      if (entry.outcome === 'refused') Object.assign(send, { open: send.open - 1, refused: true });
      if (entry.outcome !== 'accepted') continue;
      send.acceptedBy = Math.min(send.acceptedBy, moment);
      if (entry.id !== undefined) send.ids.add(entry.id);
    }
  }
  return sends;
}

/** What may be sent is not refused, and what may not be sent is not accepted. */
function checkAnswers(sends: ReadonlyMap<number, Send>): Finding[] {
  return [...sends.values()].flatMap(({ text, reusesKey, refused, acceptedBy }): Finding[] => {
    if (reusesKey && acceptedBy !== Infinity)
      return [finding('uncalled-for send', `"${text}" was accepted under the key of another`)];
    return refused && !reusesKey ? [finding('lost send', `"${text}" was refused for no reason`)] : [];
  });
}

/** Asking again with the same key gives the same message, and no two sends share one. */
function checkIds(sends: ReadonlyMap<number, Send>): Finding[] {
  const changed = [...sends.values()]
    .filter(({ ids }) => ids.size > 1)
    .map(({ text, ids }) =>
      finding('changed id', `"${text}" was accepted under ${ids.size} ids: ${[...ids].join(', ')}`),
    );
  const shared = repeated([...sends.values()].flatMap(({ ids }) => [...ids]));
  return [...changed, ...[...shared.keys()].map((id) => finding('changed id', `two sends were accepted under ${id}`))];
}

/** Every message that was accepted has come to an end, and to a good one. */
function checkStates(history: readonly Entry[], sends: ReadonlyMap<number, Send>): Finding[] {
  const states = new Map(entriesOf(history, 'settled').map(({ id, state }) => [id, state]));
  const good = ['accepted', 'delivered', 'read', 'in_doubt'];
  return [...sends.values()].flatMap(({ ids, text }) =>
    [...ids]
      .filter((id) => !good.includes(states.get(id) ?? ''))
      .map((id) =>
        finding('lost send', `"${text}" (${id}) was accepted and is ${states.get(id) ?? 'not known any more'}`),
      ),
  );
}

function checkArrivals(send: Send, arrivals: readonly Arrived[], doubted: boolean): Finding[] {
  const { text, sha256 } = send;
  const times = arrivals.reduce((sum, { transmissions }) => sum + transmissions, 0);
  const findings: Finding[] = [];
  if (send.open === 0 && times > 0) findings.push(finding('uncalled-for send', `"${text}" was refused, and arrived`));
  if (times > 1 && !doubted) findings.push(finding('doubled send', `"${text}" was sent ${times} times`));
  if (send.acceptedBy !== Infinity && times === 0 && !doubted)
    findings.push(finding('lost send', `"${text}" was accepted and did not arrive`));
  if (arrivals.some((arrival) => arrival.sha256 !== sha256))
    findings.push(finding('damaged file', `"${text}" arrived with another file`));
  return findings;
}

/** Of two sends in one chat, the one that was known to be accepted before the other was asked for arrives first. */
function checkOrder(
  arrived: readonly Arrived[],
  byText: ReadonlyMap<string, Send>,
  isDoubted: (send: Send) => boolean,
): Finding[] {
  const findings: Finding[] = [];
  const latest = new Map<string, Send>();
  const seen = new Set<string>();
  for (const { text, chat } of arrived) {
    const send = byText.get(text);
    // What arrives again is told as a double.
    if (send === undefined || seen.has(text) || isDoubted(send)) continue;
    seen.add(text);
    const before = latest.get(chat);
    if (before !== undefined && send.acceptedBy < before.askedFirst)
      findings.push(finding('swapped sends', `"${text}" arrived after "${before.text}", which was asked for later`));
    if (before === undefined || send.askedFirst > before.askedFirst) latest.set(chat, send);
  }
  return findings;
}

const finding = (rule: Finding['rule'], what: string): Finding => ({ rule, what });
