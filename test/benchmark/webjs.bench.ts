/**
 * The browser engine against bare whatsapp-web.js on the same page: the stand-in of this repository, which runs in this
 * process and is the clock for both. Each side is a process of its own with browsers of its own, and they run one after
 * the other. The bridge takes the browser that it prefers with the flags that it sets; the baseline is a script with the
 * library's Client and its defaults, in a whole Chromium.
 *
 * - Messages heard: from the first of a burst being written until the last was handed to the consumer; of the bridge, a
 *   subscriber of its stream, which gets an event only once it is on disk.
 * - Messages sent: from the first order until the last arrived at its recipient.
 * - Times are those until the side itself says so, and the bridge is asked every 20 ms.
 * - Memory is the kernel's proportional share (PSS) of every process of a side, when its sessions have been restored and
 *   each has heard and sent a few messages.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Account } from '../standin/account.ts';
import { Standin } from '../standin/server.ts';
import { median, type BenchmarkRow } from './benchmark.ts';
import type { Contestant, Outgoing } from './webjs/contestant.ts';
import { memoryOf, type Memory } from './webjs/memory.ts';
import { Ours } from './webjs/ours.ts';
import { Stock } from './webjs/stock.ts';

const TEXT_BYTES = 200;
const WARM_UP = 100;
const RECEIVED = 2_000;
const SPEAKERS = 100;
const SENT = 400;
const CHATS = 25;
const BURSTS = 2;
const ROUNDS = 3;
const SESSIONS = 8;
/** Of what the library takes. */
const MEMORY_AT_MOST = 0.55;
/** From the page's connection until it has synced, on both sides; below that the library misses it on a busy machine. */
const SYNC_MS = 1_000;
/** Before memory is measured, so that what the start left is tidied up. */
const SETTLE_MS = 10_000;
/** No burst may take longer, on however busy a machine. */
const DEADLINE_MS = 120_000;

interface Figures {
  readonly receivedPerSecond: number;
  readonly sentPerSecond: number;
  /** In ms; of one session, the median of some rounds. */
  readonly one: Times;
  /** In ms; of all side by side, until the last of them. */
  readonly all: Times;
  readonly memory: Memory;
}

interface Times {
  readonly toQr: number;
  readonly toReady: number;
  readonly toRestored: number;
}

const since = (startedAt: number): number => performance.now() - startedAt;
let texts = 0;
/** A text that no other message has. */
const newText = (): string => `${String(texts++).padStart(8, '0')} `.padEnd(TEXT_BYTES, 'x');

async function within<T>(what: string, side: Contestant, work: Promise<T>): Promise<T> {
  const deadline = new AbortController();
  const late = wait(DEADLINE_MS, undefined, { signal: deadline.signal }).then(() => {
    throw new Error(`${what} took longer than ${DEADLINE_MS / 1_000} s\n${side.output}`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    deadline.abort();
  }
}

class Measurement {
  readonly #standin: Standin;
  readonly #side: Contestant;
  readonly #accounts = new Map<string, Account>();
  readonly #people: readonly Account[];

  constructor(standin: Standin, side: Contestant, people: readonly Account[]) {
    this.#standin = standin;
    this.#side = side;
    this.#people = people;
  }

  async run(): Promise<Figures> {
    const side = this.#side;
    await side.open();
    const rounds: Times[] = [];
    let session = '';
    for (let round = 0; round < ROUNDS; round += 1) {
      if (session !== '') await side.stop(session);
      session = `one-${round + 1}`;
      rounds.push(await this.#timeOne(session));
    }
    await this.#receive(session, WARM_UP);
    await this.#send(session, WARM_UP);
    const received: number[] = [];
    const sent: number[] = [];
    for (let burst = 0; burst < BURSTS; burst += 1) {
      received.push((RECEIVED / (await this.#receive(session, RECEIVED))) * 1_000);
      sent.push((SENT / (await this.#send(session, SENT))) * 1_000);
    }
    await side.stop(session);

    const names = Array.from({ length: SESSIONS }, (_, index) => `side-by-side-${index + 1}`);
    const { toQr, toReady } = await this.#link(names);
    const toRestored = await this.#restart(names);
    for (const name of names) {
      await this.#receive(name, 20);
      await this.#send(name, 20);
    }
    await wait(SETTLE_MS);
    const memory = await memoryOf(side.pid, side.folder);
    const one = (pick: keyof Times): number => median(rounds.map((times) => times[pick]));
    return {
      receivedPerSecond: median(received),
      sentPerSecond: median(sent),
      one: { toQr: one('toQr'), toReady: one('toReady'), toRestored: one('toRestored') },
      all: { toQr, toReady, toRestored },
      memory,
    };
  }

  async #timeOne(session: string): Promise<Times> {
    const times = await this.#link([session]);
    await this.#side.stop(session);
    const startedAt = performance.now();
    await this.#side.start(session);
    await within(`restoring ${session}`, this.#side, this.#side.ready(session));
    return { ...times, toRestored: since(startedAt) };
  }

  /** New sessions side by side: until the last code, and, all scanned at once, until the last is ready. */
  async #link(names: readonly string[]): Promise<Omit<Times, 'toRestored'>> {
    const side = this.#side;
    let startedAt = performance.now();
    const codes = await within('the codes', side, Promise.all(names.map((name) => side.add(name))));
    const toQr = since(startedAt);
    startedAt = performance.now();
    for (const [index, name] of names.entries()) {
      const account = this.#account(name);
      this.#standin.scan(codes[index] as string, account);
    }
    await within('the sessions', side, Promise.all(names.map((name) => side.ready(name))));
    return { toQr, toReady: since(startedAt) };
  }

  /** From the start of the process until all of its sessions are back. */
  async #restart(names: readonly string[]): Promise<number> {
    await this.#side.close();
    const startedAt = performance.now();
    await this.#side.open();
    await within('the restart', this.#side, Promise.all(names.map((name) => this.#side.ready(name))));
    return since(startedAt);
  }

  /** @returns ms from the first message being written until the last reached the consumer */
  async #receive(session: string, count: number): Promise<number> {
    const me = this.#account(session);
    const startedAt = performance.now();
    const all = this.#side.received(count);
    for (let index = 0; index < count; index += 1) {
      this.#standin.network.say(this.#people[index % SPEAKERS] as Account, me, newText());
      // The phones speak one after another; what has been said travels meanwhile.
      if (index % 50 === 49) await wait(0);
    }
    await within(`${count} messages`, this.#side, all);
    return since(startedAt);
  }

  /** @returns ms from the first order until the last message arrived at its recipient */
  async #send(session: string, count: number): Promise<number> {
    const orders: Outgoing[] = Array.from({ length: count }, (_, index) => ({
      to: this.#people[index % CHATS] as Account,
      text: newText(),
    }));
    const missing = new Set(orders.map(({ text }) => text));
    const { events } = this.#standin.network;
    let look: (account: Account, message: { readonly body?: string }) => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      look = (_account, { body }) => {
        if (missing.delete(body ?? '') && missing.size === 0) resolve();
      };
    });
    events.on('arrived', look);
    try {
      const startedAt = performance.now();
      await within(`${count} sends`, this.#side, Promise.all([arrived, this.#side.send(session, orders)]));
      return since(startedAt);
    } finally {
      events.off('arrived', look);
    }
  }

  /** Each side has its own, since an account would show what the other side did to it. */
  #account(session: string): Account {
    const known = this.#accounts.get(session);
    if (known) return known;
    const side = this.#side.name === 'ours' ? '1' : '2';
    const account = this.#standin.network.addAccount(
      `491511${side}${String(100_000 + this.#accounts.size)}`,
      `${this.#side.name} ${session}`,
    );
    this.#accounts.set(session, account);
    return account;
  }
}

async function measure(standin: Standin, side: Ours | Stock, people: readonly Account[]): Promise<Figures> {
  // A signal ends this process with `exit`; what it started must not stay behind.
  const kill = (): void => {
    try {
      process.kill(side.pid, 'SIGTERM');
    } catch {
      // It has ended already.
    }
  };
  process.on('exit', kill);
  try {
    return await new Measurement(standin, side, people).run();
  } finally {
    process.off('exit', kill);
    await side.close();
    await side.forget();
  }
}

function rowsOf(ours: Figures, stock: Figures, silent: number): BenchmarkRow[] {
  const same =
    'bare whatsapp-web.js on the same page with the same messages, in a full Chromium with its default flags';
  const row = (
    name: string,
    unit: string,
    kind: BenchmarkRow['kind'],
    pick: (figures: Figures) => number,
    baselineIs: string,
  ): BenchmarkRow => ({ name, unit, kind, ours: pick(ours), baseline: pick(stock), baselineIs });
  const received =
    `${same}; its handler is called in the same process: nothing is written to disk (ours: an fsync before the event is ` +
    'published), deduplicated, ordered, sent over a stream or acknowledged';
  const sent =
    `${same}; it resolves when the page has the message. Ours: each request is signed and on disk before it is answered, ` +
    'the intent is on disk before the page gets it, ids are chosen, 8 sends run at a time, and the next send of a ' +
    "chat waits for the server's acknowledgement of the previous one";
  const again =
    `the page takes ${SYNC_MS} ms to sync; a client that was not ready after 30 s was started again, as its users do ` +
    `(in this run: ${silent})`;
  const one = `${same}; ${again}`;
  const all =
    `${same}; ${again}; one script that starts all of them at once. Ours restores 4 at a time, so that the machine stays ` +
    'usable; its time from the start includes opening the database';
  const memory = `${same}; one script for all sessions, without log, API, stream and outbox`;
  const node = (figures: Figures): number => figures.memory.node;
  const browsers = (figures: Figures): number => figures.memory.browsers;
  const beside = `${SESSIONS} sessions side by side`;
  return [
    row(
      `WhatsApp Web: messages heard, ${RECEIVED} from ${SPEAKERS} chats`,
      'messages/s',
      'rate',
      (f) => f.receivedPerSecond,
      received,
    ),
    row(`WhatsApp Web: messages sent, ${SENT} to ${CHATS} chats`, 'messages/s', 'rate', (f) => f.sentPerSecond, sent),
    row('one session: start → QR', 'ms', 'time', (f) => f.one.toQr, one),
    row('one session: scan → ready', 'ms', 'time', (f) => f.one.toReady, one),
    row('one session: start → ready with its login', 'ms', 'time', (f) => f.one.toRestored, one),
    row(`${beside}: start → last QR`, 'ms', 'time', (f) => f.all.toQr, all),
    row(`${beside}: scan → last ready`, 'ms', 'time', (f) => f.all.toReady, all),
    row(`${beside}: start of the process → last ready`, 'ms', 'time', (f) => f.all.toRestored, all),
    {
      ...row(
        `${beside}: memory of each, all processes`,
        'MB',
        'memory',
        (f) => (node(f) + browsers(f)) / SESSIONS,
        memory,
      ),
      atMost: MEMORY_AT_MOST,
    },
    row(`${beside}: memory of each browser`, 'MB', 'memory', (f) => browsers(f) / SESSIONS, memory),
    row(`${beside}: memory of the one Node process`, 'MB', 'memory', node, memory),
  ];
}

/** Measures bare whatsapp-web.js and then the bridge. */
export async function run(): Promise<BenchmarkRow[]> {
  const standin = new Standin();
  await standin.start();
  standin.page.syncDelayMs = SYNC_MS;
  try {
    const people = Array.from({ length: SPEAKERS }, (_, index) =>
      standin.network.addAccount(`49151${String(23_456_100 + index)}`, `Person ${index}`),
    );
    const baseline = await Stock.make(standin);
    const stock = await measure(standin, baseline, people);
    const ours = await measure(standin, await Ours.make(standin), people);
    return rowsOf(ours, stock, baseline.silent);
  } finally {
    await standin.stop();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${JSON.stringify(await run(), null, 2)}\n`);
}
