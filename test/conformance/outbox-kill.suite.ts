/**
 * The bridge killed with SIGKILL at each state of a send, whatever stores and wakes its outbox. The oracle, WhatsApp's side,
 * is in this process and survives: it counts what left, under which id.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { onServer } from './postgres/tally.ts';
import type { FromChild, KillPoint, ToChild, ToSend } from './outbox-kill.child.ts';

const CHILD = fileURLToPath(new URL('./outbox-kill.child.ts', import.meta.url));
const [ALICE, BOB] = ['491511111111@c.us', '491522222222@c.us'];

interface Sent {
  readonly messageId: string;
  readonly chatId: string;
  readonly text: string;
}

/** What WhatsApp knows. Each transmission counts, also one of an id that is there already. */
class Oracle {
  readonly sent: Sent[] = [];
  /** Whether it tells what it has. */
  askable = true;
  /** Texts whose sends it never answers. */
  readonly mute = new Set<string>();
  readonly #server: Server;
  readonly #held: ServerResponse[] = [];
  #onMuted: (sent: Sent) => void = () => undefined;
  /** Resolves with the first send that it took and does not answer. */
  readonly muted = new Promise<Sent>((resolve) => (this.#onMuted = resolve));

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () =>
        this.#answer(request.url ?? '', JSON.parse(Buffer.concat(chunks).toString()) as Sent, response),
      );
    });
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const response of this.#held) response.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(path: string, body: Sent, response: ServerResponse): void {
    if (path === '/send-status') {
      const has = this.sent.some(({ messageId }) => messageId === body.messageId);
      response.end(JSON.stringify({ sendStatus: !this.askable ? 'unknown' : has ? 'sent' : 'absent' }));
      return;
    }
    this.sent.push(body);
    if (this.mute.has(body.text)) {
      this.#held.push(response);
      this.#onMuted(body);
    } else response.end('{}');
  }
}

/** One life of the bridge. */
class Life {
  readonly process: ChildProcess;
  readonly #received: FromChild[] = [];
  #onReceived: () => void = () => undefined;

  constructor(dataDir: string, networkUrl: string, point: KillPoint | 'nowhere') {
    this.process = fork(CHILD, [dataDir, networkUrl, point, servers.redisUrl, servers.databaseUrl], {
      execArgv: ['--no-warnings'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.process.on('message', (message: FromChild) => {
      this.#received.push(message);
      this.#onReceived();
    });
  }

  tell(message: ToChild): void {
    this.process.send(message);
  }

  async receive<Say extends FromChild['say']>(say: Say): Promise<Extract<FromChild, { say: Say }>> {
    for (;;) {
      const index = this.#received.findIndex((message) => message.say === say);
      if (index >= 0) return this.#received.splice(index, 1)[0] as Extract<FromChild, { say: Say }>;
      if (this.process.exitCode !== null || this.process.signalCode !== null)
        throw new Error(`The child ended before it said ${say}`);
      await new Promise<void>((resolve) => {
        this.#onReceived = resolve;
        this.process.once('exit', () => resolve());
      });
    }
  }

  async kill(): Promise<void> {
    const exited = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    expect((await exited)[1]).toBe('SIGKILL');
  }

  async close(): Promise<void> {
    const exited = once(this.process, 'exit');
    this.tell({ do: 'close' });
    await this.receive('closed');
    await exited;
  }
}

let dataDir = '';
let servers: OutboxServers;
let oracle: Oracle;
let networkUrl = '';
let lives: Life[] = [];
const live = async (point: KillPoint | 'nowhere'): Promise<Life> => {
  const life = new Life(dataDir, networkUrl, point);
  lives.push(life);
  await life.receive('up');
  return life;
};

interface Row {
  readonly id: string;
  readonly state: string;
  readonly wire_id: string | null;
}
const ROWS = 'select id, state, wire_id from outbox';

function rowsOfFile(): readonly Row[] {
  const database = new DatabaseSync(join(dataDir, 'wabridge.db'));
  try {
    return database.prepare(ROWS).all() as unknown as Row[];
  } finally {
    database.close();
  }
}

/** What is stored while nobody runs. */
async function storedRows(): Promise<Record<string, Omit<Row, 'id'>>> {
  const { databaseUrl } = servers;
  const rows =
    databaseUrl === ''
      ? rowsOfFile()
      : await onServer(databaseUrl, async (client) => (await client.query<Row>(ROWS)).rows);
  return Object.fromEntries(rows.map(({ id, ...row }) => [id, row]));
}

const A1 = { to: ALICE, text: 'a1' };
const A2 = { to: ALICE, text: 'a2' };
/** Of another chat: it leaves beside the first, so the kill may hit it anywhere. */
const B1 = { to: BOB, text: 'b1' };

/** Accepts messages, kills the bridge while the first is at the point, and returns their ids. */
async function killAt(point: KillPoint, texts: readonly ToSend[]): Promise<readonly string[]> {
  const first = texts[0]!.text;
  if (point === 'after the call') oracle.mute.add(first);
  const life = await live(point);
  life.tell({ do: 'accept', texts });
  const { ids } = await life.receive('accepted');
  if (point === 'after the call') expect((await oracle.muted).text).toBe(first);
  else expect(await life.receive('reached')).toMatchObject({ point, id: ids[0] });
  await life.kill();
  oracle.mute.clear();
  return ids;
}

const STATES: readonly { readonly point: KillPoint; readonly state: string; readonly left: number }[] = [
  { point: 'before the intent', state: 'queued', left: 0 },
  { point: 'after the intent', state: 'sending', left: 0 },
  { point: 'after the call', state: 'sending', left: 1 },
  { point: 'after the answer', state: 'sending', left: 1 },
  { point: 'after the acceptance', state: 'accepted', left: 1 },
];
const sentTimes = (text: string): number => oracle.sent.filter((sent) => sent.text === text).length;

/** URLs of what an outbox is stored in and woken by; empty for a file and for timers of the bridge. */
export interface OutboxServers {
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/** @param serversOf makes the servers' databases of a test */
export function outboxKillSuite(serversOf: () => Promise<OutboxServers>): void {
  jest.setTimeout(120_000);

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'wabridge-kill-'));
    oracle = new Oracle();
    networkUrl = await oracle.listen();
    servers = await serversOf();
  });
  afterEach(async () => {
    for (const { process: child } of lives)
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    lives = [];
    await oracle.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  describe('WhatsApp can be asked', () => {
    test.each(STATES)(
      'killed $point: nothing is lost, nothing is sent twice, the order is kept',
      async ({ point, state, left }) => {
        const ids = await killAt(point, [A1, A2, B1]);
        // The kill hit the state it is named after.
        const killed = (await storedRows())[ids[0]!]!;
        expect(killed.state).toBe(state);
        expect(sentTimes('a1')).toBe(left);
        expect(sentTimes('a2')).toBe(0);

        const life = await live('nowhere');
        life.tell({ do: 'settle', ids });
        expect((await life.receive('settled')).states).toEqual(Object.fromEntries(ids.map((id) => [id, 'accepted'])));
        await life.close();
        expect(oracle.sent.map(({ text }) => text).sort()).toEqual(['a1', 'a2', 'b1']);
        expect(oracle.sent.filter(({ chatId }) => chatId === ALICE).map(({ text }) => text)).toEqual(['a1', 'a2']);
        // The id that was on disk before is the one under which it left.
        const rows = await storedRows();
        expect(oracle.sent.find(({ text }) => text === 'a1')?.messageId).toBe(rows[ids[0]!]!.wire_id);
        if (killed.wire_id !== null) expect(rows[ids[0]!]!.wire_id).toBe(killed.wire_id);
      },
    );
  });

  describe('a reaction, for which WhatsApp cannot be asked', () => {
    const REACTION: ToSend = { to: ALICE, text: '👍', reaction: true };

    test.each(STATES)(
      'killed $point: nothing is in doubt, and what was open is sent again, before what follows',
      async ({ point, state, left }) => {
        oracle.askable = false;
        const ids = await killAt(point, [REACTION, A2]);
        expect((await storedRows())[ids[0]!]).toEqual({ state, wire_id: null });
        expect([sentTimes('👍'), sentTimes('a2')]).toEqual([left, 0]);

        const life = await live('nowhere');
        life.tell({ do: 'settle', ids });
        expect(Object.values((await life.receive('settled')).states)).toEqual(['accepted', 'accepted']);
        await life.close();
        expect(sentTimes('👍')).toBe(state === 'accepted' ? left : left + 1);
        // The chat has waited for it.
        expect(oracle.sent.at(-1)?.text).toBe('a2');
        expect(sentTimes('a2')).toBe(1);
      },
    );
  });

  describe('WhatsApp cannot be asked', () => {
    const unknowable = STATES.filter(({ state }) => state === 'sending');
    const cases = unknowable.flatMap((at) => (['sent', 'failed', 'resend'] as const).map((as) => ({ ...at, as })));
    // Every state once, every resolution once; the pairs are independent of each other.
    const picked = [cases[2]!, cases[3]!, cases[7]!];

    test.each(picked)(
      'killed $point: in doubt, nothing is sent by itself, and `resolve --as $as` settles it',
      async ({ point, left, as }) => {
        oracle.askable = false;
        const ids = await killAt(point, [A1, A2]);
        expect((await storedRows())[ids[0]!]).toMatchObject({ state: 'sending', wire_id: expect.any(String) });

        const life = await live('nowhere');
        life.tell({ do: 'settle', ids });
        // It does not hold its chat.
        expect((await life.receive('settled')).states).toEqual({ [ids[0]!]: 'in_doubt', [ids[1]!]: 'accepted' });
        expect(sentTimes('a1')).toBe(left);

        life.tell({ do: 'resolve', id: ids[0]!, as });
        expect((await life.receive('settled')).states).toEqual({ [ids[0]!]: as === 'failed' ? 'failed' : 'accepted' });
        await life.close();
        expect(sentTimes('a1')).toBe(as === 'resend' ? left + 1 : left);
        expect(sentTimes('a2')).toBe(1);
      },
    );

    test.each(STATES.filter(({ state }) => state !== 'sending'))(
      'killed $point: nothing is in doubt',
      async ({ point }) => {
        oracle.askable = false;
        const ids = await killAt(point, [A1, A2]);
        const life = await live('nowhere');
        life.tell({ do: 'settle', ids });
        expect(Object.values((await life.receive('settled')).states)).toEqual(['accepted', 'accepted']);
        await life.close();
        expect([sentTimes('a1'), sentTimes('a2')]).toEqual([1, 1]);
      },
    );
  });
}
