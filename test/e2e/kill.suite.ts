/**
 * A real n8n and a real bridge are killed with events in flight. The oracle lives outside of both: the simulated phone
 * network and the witness run in the process of this test. `npm test` runs it with 400 events, `npm run test:long` with
 * 1,000.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { SessionName } from '../../bridge/src/contract/ids.ts';
import { NetworkServer } from '../../bridge/src/engine/sandbox/network-server.ts';
import { RemoteNetwork } from '../../bridge/src/engine/sandbox/remote-network.ts';
import { BridgeProcess, freePort } from './bridge-process.ts';
import { n8nIn, publish } from './n8n-at-test.ts';
import type { N8nServer } from './n8n-server.ts';
import { Witness, type WitnessedRun } from './witness.ts';
import { witnessedWorkflow } from './workflows.ts';

const CHATS = 50;
const SESSION = 'demo' as SessionName;
const WORKFLOW = 'killTest00000001';
/** Long enough for 1,000 runs and three restarts on two slow cores. */
const DEADLINE_MS = 480_000;

jest.setTimeout(DEADLINE_MS + 120_000);

const phoneOf = (chat: number): string => `+49151${String(23_456_100 + chat)}`;
const textOf = (index: number): string => `message ${String(index).padStart(4, '0')}`;

let folder: string;
let server: NetworkServer;
let network: RemoteNetwork;
let witness: Witness;
let bridge: BridgeProcess;
let n8n: N8nServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-kill-'));
  server = new NetworkServer({ folder: join(folder, 'network'), autoLink: true });
  const networkUrl = await server.start();
  network = new RemoteNetwork(networkUrl);
  witness = new Witness();
  await witness.start();
  bridge = new BridgeProcess(join(folder, 'bridge'), await freePort(), { WABRIDGE_SANDBOX_NETWORK_URL: networkUrl });
  await bridge.start();
  await bridge.client.request('POST', '/v1/sessions', { body: { name: SESSION, engine: 'sandbox' } });
  n8n = await n8nIn(join(folder, 'n8n'));
  await publish(n8n, bridge, [witnessedWorkflow({ id: WORKFLOW, witnessUrl: witness.url })]);
});

afterAll(async () => {
  await n8n?.kill();
  await bridge?.stop();
  await witness?.stop();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Waits until so many events were run for at least once, and then until a run is under way. */
async function untilInFlight(count: number, deadline: number): Promise<void> {
  while (witness.seen.size < count || witness.open === 0) {
    if (Date.now() > deadline)
      throw new Error(
        `only ${witness.seen.size} of ${count} events were run for in time\n${bridge.output}\n${n8n.output}`,
      );
    await sleep(5);
  }
}

/** Outbox messages that have not left, or of which it is not known. */
async function unfinished(): Promise<readonly unknown[]> {
  const { messages } = await bridge.client.request<{ messages: readonly unknown[] }>('GET', '/v1/messages', {
    query: { state: 'queued,sending,failed,in_doubt' },
  });
  return messages;
}

/** @param events a multiple of the number of chats */
export function killed(events: number): void {
  describe(`${events} events over ${CHATS} chats, n8n killed twice and the bridge once`, () => {
    test('every workflow runs, in order within its chat, and every event is answered exactly once', async () => {
      const deadline = Date.now() + DEADLINE_MS;
      // Long enough that a kill always finds runs under way.
      witness.answerMs = 20;
      /** Runs that were under way when n8n was killed. */
      const cutOff: (readonly WitnessedRun[])[] = [];
      const speaking = (async () => {
        for (let index = 0; index < events; index += 1) {
          await network.drive('sandbox.receive', SESSION, { from: phoneOf(index % CHATS), text: textOf(index) });
        }
      })();
      // Awaited further below; a failure before that must not pass as an unhandled rejection.
      speaking.catch(() => undefined);

      await untilInFlight(0.2 * events, deadline);
      cutOff.push([...witness.underWay]);
      await n8n.kill();
      await n8n.start();

      await untilInFlight(0.45 * events, deadline);
      await bridge.kill();
      await bridge.start();

      await untilInFlight(0.7 * events, deadline);
      cutOff.push([...witness.underWay]);
      await n8n.kill();
      await n8n.start();
      await speaking;

      await network.drive('sandbox.inbox', SESSION, { via: 'bridge', atLeast: events, waitMs: deadline - Date.now() });

      // Nothing is left over, given up or in doubt. The phone has the last answer a moment before the bridge notes it.
      let open = await unfinished();
      while (open.length > 0 && Date.now() < deadline) {
        await sleep(100);
        open = await unfinished();
      }
      expect(open).toEqual([]);
      const deadLetters = await bridge.client.request<{ deadLetters: readonly unknown[] }>('GET', '/v1/dead-letters');
      expect(deadLetters.deadLetters).toEqual([]);
      // Only now can nothing more arrive.
      const arrived = await network.drive('sandbox.inbox', SESSION, { via: 'bridge', atLeast: events, waitMs: 0 });
      const answers = arrived.flatMap((entry) => (entry.kind === 'text' ? [entry] : []));

      // Every event's workflow ran.
      expect(witness.seen.size).toBe(events);

      // A second run only where the attempt shows it.
      const attempts = new Map<string, number[]>();
      for (const run of witness.runs) attempts.set(run.eventId, [...(attempts.get(run.eventId) ?? []), run.attempt]);
      // Each kill of n8n cut off runs that began again.
      for (const runs of cutOff) {
        expect(runs.filter(({ eventId }) => (attempts.get(eventId) ?? []).length > 1)).not.toEqual([]);
      }
      const repeated = [...attempts.values()].filter((list) => list.length > 1);
      for (const list of repeated) expect(new Set(list).size).toBe(list.length);
      expect(repeated.length).toBeGreaterThan(0);
      expect(repeated.length).toBeLessThanOrEqual(3 * 5);

      // Order within each chat.
      for (const [, texts] of witness.textsByChat()) expect(texts).toEqual([...texts].sort());

      // Each event answered exactly once: one message on the phone for each, whatever ran twice.
      const texts = answers.map(({ text }) => text);
      expect(texts.length).toBe(events);
      expect(new Set(texts).size).toBe(events);
      // What was sent twice under one id would be one message on the phone, but is not what we promise.
      expect(answers.filter(({ transmissions }) => transmissions > 1)).toEqual([]);

      // And in the order in which it was asked, within each chat.
      for (let chat = 0; chat < CHATS; chat += 1) {
        const own = answers.filter(({ chat: { phone } }) => phone === phoneOf(chat)).map(({ text }) => text);
        expect(own).toHaveLength(events / CHATS);
        expect(own).toEqual([...own].sort());
      }
    });
  });
}
