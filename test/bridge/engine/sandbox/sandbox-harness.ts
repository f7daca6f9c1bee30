/** A simulated network in a folder of its own, and engines on it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from '@jest/globals';
import type { ChatId, SessionName, MessageId } from '../../../../bridge/src/contract/ids.ts';
import { EngineError, type Engine } from '../../../../bridge/src/engine/engine.ts';
import { LocalNetwork, type LocalNetworkOptions } from '../../../../bridge/src/engine/sandbox/local-network.ts';
import type { SandboxFaults, SandboxInboxEntry } from '../../../../bridge/src/engine/sandbox/sandbox-contract.ts';
import { SandboxEngineFactory } from '../../../../bridge/src/engine/sandbox/sandbox-factory.ts';
import { EngineRecording } from '../../../conformance/engine-recording.ts';

export const LIMIT = 1024 * 1024;
export const SESSION = 'faulty' as SessionName;
export const CHAT = '4915112345678@c.us' as ChatId;
export const FAST = { delays: { answer: 1, server: 1, delivered: 1, read: 1 } };
export let folder: string;
export let network: LocalNetwork;
export let engines: Engine[];

/** A network on the memory of the one before, if there was one. */
export function openNetwork(options: Partial<LocalNetworkOptions> = {}): void {
  network = new LocalNetwork({ folder: join(folder, 'network'), autoLink: true, ...options });
}

/** For calls that are never answered: short enough to wait for, and long enough that every other call is answered in time. */
export const SOON_MS = 1_000;

export async function launch(callDeadlineMs = 2_000): Promise<{ engine: Engine; recording: EngineRecording }> {
  const recording = new EngineRecording();
  const factory = new SandboxEngineFactory(network, { callDeadlineMs, reconnectMs: { first: 5, longest: 50 } });
  const engine = factory.create(SESSION, join(folder, 'profile'), recording);
  engines.push(engine);
  await engine.start();
  return { engine, recording };
}

export async function ready(
  faults: SandboxFaults = {},
  callDeadlineMs?: number,
): Promise<{ engine: Engine; recording: EngineRecording }> {
  const launched = await launch(callDeadlineMs);
  await launched.recording.untilSignal('ready');
  await network.drive('sandbox.setFaults', SESSION, { ...FAST, ...faults });
  return launched;
}

export const sendText = (engine: Engine, messageId: MessageId, text = 'hi'): Promise<unknown> =>
  engine.perform('message.sendText', { chatId: CHAT, text }, messageId);

export const failure = async (promise: Promise<unknown>): Promise<EngineError> => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
};

export const inboxOf = (atLeast: number) => network.drive('sandbox.inbox', SESSION, { atLeast, waitMs: 20_000 });
export const inbox = (): Promise<readonly SandboxInboxEntry[]> =>
  network.drive('sandbox.inbox', SESSION, { via: 'bridge' });

/** A network for each test of the file; its engines are stopped after it. */
export function useNetwork(): void {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wabridge-sandbox-'));
    openNetwork();
    engines = [];
  });

  afterEach(async () => {
    await Promise.all(engines.map((engine) => engine.stop()));
    await network.close();
    await rm(folder, { recursive: true, force: true });
  });
}
