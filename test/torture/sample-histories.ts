/** Histories of runs in which everything went as promised, made from a script, for tests of the checker. */
import type { Entry } from './history.ts';

/** How a send went. All of these are allowed. */
export const SEND_COURSES = [
  'accepted',
  'accepted when asked again',
  'asked again after its acceptance',
  'unknown, and sent',
  'unknown, and never sent',
  'refused, since it reuses a key',
  'in doubt, and sent',
  'in doubt, and never sent',
] as const;
/** How the delivery of an event went. All of these are allowed. */
export const DELIVERY_COURSES = ['acked', 'refused first', 'connection lost first', 'acknowledgement lost'] as const;

export interface SampleStep {
  readonly chat: number;
  /** What is done in the chat. */
  readonly act: (typeof SEND_COURSES)[number] | 'someone writes';
  readonly hasFile: boolean;
  readonly delivery: (typeof DELIVERY_COURSES)[number];
}

const READERS = [
  { reader: 'all', types: null },
  { reader: 'received', types: ['message.received'] },
] as const;

export function sampleHistory(steps: readonly SampleStep[]): Entry[] {
  const sample = new Sample();
  for (const step of steps) sample.play(step);
  return sample.finish();
}

class Sample {
  readonly #entries: Entry[] = READERS.map((reader): Entry => ({ kind: 'subscribed', ...reader }));
  readonly #end: Entry[] = [];
  readonly #logged: Entry[] = [];
  #connection = 1;
  #count = 0;

  play(step: SampleStep): void {
    this.#count += 1;
    if (step.act === 'someone writes') this.#say(step);
    else this.#send(step, step.act);
  }

  finish(): Entry[] {
    return [...this.#entries, ...this.#end, ...this.#logged, { kind: 'finished' }];
  }

  #say({ chat, delivery }: SampleStep): void {
    const messageId = `said ${this.#count}`;
    this.#entries.push({ kind: 'said', chat: `chat ${chat}`, messageId });
    this.#log(chat, { type: 'message.received', messageId }, delivery);
  }

  #send({ chat, hasFile, delivery }: SampleStep, course: (typeof SEND_COURSES)[number]): void {
    const send = this.#count;
    const [id, text] = [`out_${send}`, `send ${send}`];
    const sha256 = hasFile ? `digest of ${send}` : null;
    const reusesKey = course === 'refused, since it reuses a key';
    const ask = (): number =>
      this.#entries.push({ kind: 'asked', send, chat: `chat ${chat}`, text, sha256, reusesKey });
    const answer = (outcome: 'accepted' | 'refused' | 'unknown'): number =>
      this.#entries.push({ kind: 'answered', send, outcome, ...(outcome === 'accepted' ? { id } : {}) });
    ask();
    if (reusesKey) return void answer('refused');
    const [first, ...more] = answersOf(course);
    answer(first);
    for (const each of more) {
      ask();
      answer(each);
    }
    if (course === 'unknown, and never sent') return;
    const doubted = course.startsWith('in doubt');
    this.#end.push({ kind: 'settled', id, state: doubted ? 'in_doubt' : 'read' });
    if (course !== 'in doubt, and never sent')
      this.#end.push({
        kind: 'arrived',
        chat: `chat ${chat}`,
        text,
        messageId: `id of ${send}`,
        transmissions: 1,
        sha256,
      });
    this.#log(chat, { type: doubted ? 'outbox.in_doubt' : 'message.sent', outboxId: id }, delivery);
  }

  #log(
    chat: number,
    what: { type: string; messageId?: string; outboxId?: string },
    delivery: SampleStep['delivery'],
  ): void {
    const at = { event: `event ${this.#logged.length + 1}`, seq: 3 * this.#logged.length + 1, lane: `s|chat ${chat}` };
    this.#logged.push({ kind: 'logged', ...at, ...what });
    for (const { reader, types } of READERS)
      if (types === null || (types as readonly string[]).includes(what.type)) this.#deliver(reader, at, delivery);
  }

  #deliver(reader: string, at: { event: string; seq: number; lane: string }, course: SampleStep['delivery']): void {
    const { event } = at;
    const deliver = (attempt: number): number =>
      this.#entries.push({ kind: 'delivered', reader, connection: this.#connection, attempt, ...at });
    const say = (kind: 'acked' | 'refused'): number =>
      this.#entries.push({ kind, reader, connection: this.#connection, event });
    deliver(1);
    if (course === 'refused first') say('refused');
    if (course === 'acknowledgement lost') say('acked');
    if (course === 'connection lost first' || course === 'acknowledgement lost') this.#connection += 1;
    if (course !== 'acked') deliver(2);
    say('acked');
  }
}

type Outcome = 'accepted' | 'unknown';
function answersOf(course: (typeof SEND_COURSES)[number]): readonly [Outcome, ...Outcome[]] {
  if (course === 'accepted when asked again') return ['unknown', 'accepted'];
  if (course === 'asked again after its acceptance') return ['accepted', 'unknown', 'accepted'];
  return course.startsWith('unknown') ? ['unknown'] : ['accepted'];
}
