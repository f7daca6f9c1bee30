/**
 * Whatever happens, in whatever order: accepts, lost answers, broken lines, refusals, hangs, sessions that come and go,
 * bridges that die. The order of a chat is kept, and no message leaves twice.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import type { ChatId, OutboxId } from '../../../bridge/src/contract/ids.ts';
import { EngineError } from '../../../bridge/src/engine/engine.ts';
import { systemClock, type Clock } from '../../../bridge/src/ops/clock.ts';
import type { Database } from '../../../bridge/src/store/database.ts';
import type { Call } from '../../../bridge/src/store/operation.ts';
import { openOutbox, tempFolder, type OpenOutbox } from './outbox-harness.ts';
import { asked, KEY, SESSION } from './outbox-samples.ts';
import { Network } from './scripted-network.ts';

jest.setTimeout(240_000);

/** Time that runs fast, so that retries come within the test. */
const SPEED = 100;
const born = Date.now();
const fastClock: Clock = {
  ...systemClock,
  now: () => Math.floor(born + (Date.now() - born) * SPEED),
  sleep: (ms, signal) => wait(Math.ceil(ms / SPEED) + 1, undefined, { ref: false, ...(signal ? { signal } : {}) }),
};

type Step =
  | { readonly do: 'accept'; readonly chat: number }
  | {
      readonly do: 'next';
      readonly outcome: 'lost answer' | 'lost request' | 'deferred' | 'refused' | 'hangs' | 'session gone';
    }
  | { readonly do: 'die' | 'session down' | 'session up' | 'breathe' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('accept' as const), chat: fc.nat(2) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('next' as const),
      outcome: fc.constantFrom('lost answer', 'lost request', 'deferred', 'refused', 'hangs', 'session gone'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('die', 'session down', 'session up', 'breathe') }) },
);

const FAILED = 'x';

class World {
  readonly network = new Network();
  readonly accepted: { readonly id: string; readonly chat: ChatId; readonly text: string; readonly key: string }[] = [];
  readonly #dataDir: string;
  #life: { outbox: OpenOutbox; dead: boolean } | null = null;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  get outbox(): OpenOutbox {
    return this.#life!.outbox;
  }

  async live(): Promise<void> {
    const life = { dead: false } as { outbox: OpenOutbox; dead: boolean };
    // A dead process writes nothing any more and hears nothing back.
    const mortal = (database: Database): Database => ({
      availability: database.availability,
      reader: database.reader,
      backup: (file) => database.backup(file),
      close: () => database.close(),
      write: (async (work: Call<unknown>): Promise<unknown> => {
        if (life.dead) return new Promise<never>(() => undefined);
        const result = await database.write(work);
        return life.dead ? new Promise<never>(() => undefined) : result;
      }) as Database['write'],
    });
    life.outbox = await openOutbox(this.#dataDir, {
      network: this.network,
      clock: fastClock,
      wrap: mortal,
      sendMs: 10_000,
      questionMs: 60_000,
      limits: { maxAttempts: 1_000, maxAgeMs: 1e12 },
      parallelism: 2,
    });
    this.#life = life;
    life.outbox.sessions.up();
    await life.outbox.dispatcher.start();
  }

  async die(): Promise<void> {
    const life = this.#life!;
    life.dead = true;
    life.outbox.sessions.down();
    await life.outbox.dispatcher.stop(0);
    await life.outbox.close();
  }

  async accept(chat: number): Promise<void> {
    const text = `${this.accepted.length}`;
    const key = `k${text}`;
    const to = `4915100000${chat}0@c.us` as ChatId;
    const request = asked({ session: SESSION, to, type: 'text', text });
    const take = () => this.outbox.service.accept(...request, { keyId: KEY, idempotencyKey: key, firstAnswer: false });
    // Every client asks twice.
    const [{ message }, again] = await Promise.all([take(), take()]);
    expect(again.message.id).toBe(message.id);
    this.accepted.push({ id: message.id, chat: to, text, key });
  }

  script(outcome: Extract<Step, { do: 'next' }>['outcome']): void {
    const life = this.#life!;
    this.network.scripts.push((message, _messageId, deliver) => {
      if (outcome === 'refused') {
        this.refused.add('text' in message.input ? (message.input.text ?? '') : FAILED);
        throw new EngineError('fail', 'WAB_SEND_REFUSED', 'refused');
      }
      if (outcome === 'deferred') throw new EngineError('defer', 'WAB_QUOTED_UNKNOWN', 'not now');
      if (outcome === 'hangs') return new Promise(() => undefined);
      if (outcome === 'lost answer') deliver();
      if (outcome === 'session gone') life.outbox.sessions.down();
      throw new EngineError('unknown', 'WAB_SEND_REFUSED', outcome);
    });
  }
  readonly refused = new Set<string>();

  async take(next: Step): Promise<void> {
    if (next.do === 'accept') await this.accept(next.chat);
    else if (next.do === 'next') this.script(next.outcome);
    else if (next.do === 'session down') this.outbox.sessions.down();
    else if (next.do === 'session up') this.outbox.sessions.up();
    else if (next.do === 'breathe') await wait(5);
    else {
      await this.die();
      await this.live();
    }
  }

  /** Everything heals, and everything comes to its end. */
  async settle(): Promise<void> {
    this.network.scripts.length = 0;
    this.outbox.sessions.up();
    for (const { id } of this.accepted) await this.outbox.until(id, 'accepted', 'failed', 'in_doubt');
  }
}

test('the order of a chat is kept, and no message leaves twice or is lost', async () => {
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      const folder = await tempFolder();
      const world = new World(folder.path);
      await world.live();
      try {
        for (const next of steps) await world.take(next);
        await world.settle();
        for (const { id, text } of world.accepted) {
          const { state, messageId } = await world.outbox.service.get(id as OutboxId);
          outcomes.set(state, (outcomes.get(state) ?? 0) + 1);
          const transmissions = world.network.sent.filter((sent) => sent.text === text);
          if (state === 'accepted') expect(transmissions).toEqual([expect.objectContaining({ messageId })]);
          else expect(transmissions).toEqual([]);
          if (state === 'failed') expect(world.refused).toContain(text);
        }
        for (const chat of new Set(world.accepted.map((accepted) => accepted.chat))) {
          const order = world.network.texts(chat).map(Number);
          expect(order).toEqual([...order].sort((a, b) => a - b));
        }
      } finally {
        await world.die();
        await folder.remove();
      }
    }),
    { numRuns: 40 },
  );
  // The scripts reached every kind of end, else the property proves little.
  expect([...outcomes.keys()].sort()).toEqual(['accepted', 'failed', 'in_doubt']);
});
