/** Sessions: added, started, stopped and deleted, and what they are refused for. */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { markRead } from '../../../bridge/src/contract/operations/chat/mark-read.ts';
import { sendText } from '../../../bridge/src/contract/operations/message/send-text.ts';
import { addSession, setSessionDesired } from '../../../bridge/src/store/sessions.repository.ts';
import { READY, settle } from './fake-engine.ts';
import {
  name,
  folder,
  database,
  factory,
  open,
  reopen,
  waitFor,
  becomeReadyAtOnce,
  useRegistry,
} from './registry-harness.ts';

// Opening a database starts a thread, which takes seconds on a busy machine.
jest.setTimeout(30_000);
useRegistry();

describe('session registry', () => {
  test('adds a session, starts it, and knows it after a restart with its account', async () => {
    becomeReadyAtOnce();
    const first = await open();
    const view = await first.add(name('support'), 'sandbox');
    expect(view).toMatchObject({ name: 'support', engine: 'sandbox', simulated: true });
    await waitFor(() => first.get(name('support')).state === 'ready');
    const second = await reopen(first);
    await waitFor(() => second.get(name('support')).state === 'ready');
    expect(second.get(name('support')).self).toEqual(READY.self);
    expect(factory.made).toHaveLength(2);
  });

  test('two requests to add the same name at once make one session', async () => {
    const registry = await open();
    const results = await Promise.allSettled([
      registry.add(name('one'), 'sandbox'),
      registry.add(name('one'), 'sandbox'),
    ]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(registry.add(name('one'), 'sandbox')).rejects.toMatchObject({ code: 'WAB_SESSION_EXISTS' });
    expect(registry.list()).toHaveLength(1);
  });

  test('refuses an engine that is not enabled, and an unknown session', async () => {
    const registry = await open();
    await expect(registry.add(name('real'), 'webjs')).rejects.toMatchObject({ code: 'WAB_ENGINE_NOT_ENABLED' });
    expect(() => registry.get(name('nobody'))).toThrow(expect.objectContaining({ code: 'WAB_SESSION_NOT_FOUND' }));
    expect(() => registry.qr(name('nobody'))).toThrow(expect.objectContaining({ code: 'WAB_SESSION_NOT_FOUND' }));
    expect(registry.list()).toEqual([]);
  });

  test('holds no more sessions than it may; a stopped one frees its place', async () => {
    const registry = await open({ maxSessions: 2 });
    await Promise.all([registry.add(name('a'), 'sandbox'), registry.add(name('b'), 'sandbox')]);
    await expect(registry.add(name('c'), 'sandbox')).rejects.toMatchObject({ code: 'WAB_SESSION_LIMIT' });
    await registry.stop(name('a'));
    await registry.add(name('c'), 'sandbox');
    await expect(registry.start(name('a'))).rejects.toMatchObject({ code: 'WAB_SESSION_LIMIT' });
  });

  test('a stopped session stays stopped over a restart, a logged out one logged out', async () => {
    const first = await open();
    await first.add(name('calm'), 'sandbox');
    await first.stop(name('calm'));
    await first.add(name('gone'), 'sandbox');
    await settle();
    factory.last.listener.signal(READY);
    factory.last.listener.signal({ kind: 'logged_out', reason: 'unlinked' });
    const before = factory.made.length;
    const second = await reopen(first);
    await settle();
    expect(second.list().map((view) => [view.name, view.state])).toEqual([
      ['calm', 'stopped'],
      ['gone', 'logged_out'],
    ]);
    expect(factory.made).toHaveLength(before);
  });

  test('health sums up the state of the session and what its engine says', async () => {
    becomeReadyAtOnce();
    const registry = await open();
    await registry.add(name('support'), 'sandbox');
    await waitFor(() => registry.get(name('support')).state === 'ready');
    const line = { name: 'line', state: 'ok', detail: 'connected' } as const;
    factory.last.onHealth = () => Promise.resolve({ checks: [line] });
    expect(await registry.health(name('support'))).toMatchObject({
      healthy: true,
      checks: [{ name: 'session', state: 'ok' }, line],
    });
    factory.last.listener.signal({ kind: 'degraded', reason: 'it hears nothing' });
    expect(await registry.health(name('support'))).toMatchObject({
      healthy: false,
      checks: [{ name: 'session', state: 'failed', detail: 'it hears nothing' }, line],
    });
    await registry.stop(name('support'));
    expect(await registry.health(name('support'))).toMatchObject({
      healthy: false,
      checks: [{ name: 'session', detail: 'it is stopped: an operator stopped it' }, { state: 'unknown' }],
    });
    await expect(registry.health(name('nobody'))).rejects.toMatchObject({ code: 'WAB_SESSION_NOT_FOUND' });
  });

  test('delete removes the login state and what the engine kept, also when it was interrupted', async () => {
    const first = await open();
    await first.add(name('old'), 'sandbox');
    const profile = join(folder, 'sessions', 'old');
    await mkdir(profile, { recursive: true });
    await writeFile(join(profile, 'login'), 'secret');
    await first.delete(name('old'));
    await expect(stat(profile)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(factory.forgotten).toEqual(['old']);
    expect(first.exists(name('old'))).toBe(false);
    await first.add(name('old'), 'sandbox');

    await mkdir(profile, { recursive: true });
    await database.write(setSessionDesired({ name: name('old'), desired: 'deleting', now: 1 }));
    const second = await reopen(first);
    expect(second.exists(name('old'))).toBe(false);
    await expect(stat(profile)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(factory.forgotten).toEqual(['old', 'old']);
  });

  test('one failing session touches no other', async () => {
    factory.prepare = (engine, session) => {
      if (session === 'bad') engine.onStart = () => Promise.reject(new Error('no browser'));
      else engine.onStart = async () => engine.listener.signal(READY);
      if (session === 'bad') engine.onStop = () => Promise.reject(new Error('stop failed'));
    };
    const registry = await open();
    await Promise.all([registry.add(name('bad'), 'sandbox'), registry.add(name('good'), 'sandbox')]);
    await waitFor(() => factory.made.length >= 4);
    expect(registry.get(name('good')).state).toBe('ready');
    expect(factory.made.filter((engine) => engine.stops === 0).length).toBeGreaterThanOrEqual(1);
    await registry.stop(name('bad'));
    expect(registry.get(name('bad')).state).toBe('stopped');
    expect(registry.get(name('good')).state).toBe('ready');
  });

  test('tells whoever asked that a session is ready, each time, and survives one who throws', async () => {
    const registry = await open();
    const told: string[] = [];
    registry.onReady(() => {
      throw new Error('a bad listener');
    });
    const end = registry.onReady((session) => told.push(session));
    await registry.add(name('a'), 'sandbox');
    await settle();
    expect(registry.readyEngine(name('a'))).toBeNull();
    factory.last.listener.signal(READY);
    expect(registry.readyEngine(name('a'))).toBe(factory.last);
    factory.last.listener.signal({ kind: 'interrupted', reason: 'line lost' });
    expect(registry.readyEngine(name('a'))).toBeNull();
    factory.last.listener.signal(READY);
    end();
    factory.last.listener.signal({ kind: 'interrupted', reason: 'line lost' });
    factory.last.listener.signal(READY);
    expect(told).toEqual(['a', 'a']);
  });

  test('a session of an engine that this version does not know is shown under its own name', async () => {
    const first = await open();
    const login = { proxy: null, proxy_login: null, settings: null, secrets: null };
    await database.write(addSession({ name: name('later'), engine: 'unheard_of', ...login, now: Date.now() }));
    const second = await reopen(first);
    expect(second.get(name('later'))).toMatchObject({
      engine: 'unheard_of',
      simulated: false,
      state: 'failed',
      reason: 'the engine unheard_of is not enabled on this bridge',
      capabilities: { chosenMessageIds: false, linking: [], parallelFiles: false, operations: [], events: [] },
    });
    await second.delete(name('later'));
  });

  test('codes that an engine does not link by are refused, whatever the state of the session', async () => {
    factory.capabilities = { ...factory.capabilities, linking: [], simulated: false };
    const registry = await open();
    await registry.add(name('a'), 'sandbox');
    expect(registry.get(name('a'))).toMatchObject({ simulated: false, capabilities: { linking: [] } });
    const refused = (method: string) =>
      expect.objectContaining({ code: 'WAB_LINKING_UNSUPPORTED', message: expect.stringContaining(`by ${method}.`) });
    expect(() => registry.qr(name('a'))).toThrow(refused('QR code'));
    expect(() => registry.pairingCode(name('a'))).toThrow(refused('pairing code'));
    await expect(registry.requestPairingCode(name('a'), '+4915112345678')).rejects.toEqual(refused('pairing code'));
    await registry.stop(name('a'));
    expect(() => registry.qr(name('a'))).toThrow(refused('QR code'));
  });

  test('keeps a session whose engine is not enabled any more, says so, and lets it be deleted', async () => {
    const first = await open();
    await first.add(name('a'), 'sandbox');
    const second = await reopen(first, {}, []);
    expect(second.get(name('a'))).toMatchObject({
      state: 'failed',
      reason: 'the engine sandbox is not enabled on this bridge',
    });
    await expect(second.start(name('a'))).rejects.toMatchObject({ code: 'WAB_ENGINE_NOT_ENABLED' });
    const input = { session: name('a'), chatId: '+4915112345678' };
    await expect(second.perform(name('a'), markRead, input)).rejects.toMatchObject({ code: 'WAB_ENGINE_NOT_ENABLED' });
    const refused = expect.objectContaining({ code: 'WAB_ENGINE_NOT_ENABLED' });
    expect(() => second.requireOperation(name('a'), sendText)).toThrow(refused);
    expect(() => second.qr(name('a'))).toThrow(refused);
    expect(() => second.pairingCode(name('a'))).toThrow(refused);
    await expect(second.requestPairingCode(name('a'), '+4915112345678')).rejects.toEqual(refused);
    await second.delete(name('a'));
    expect(second.list()).toEqual([]);
  });
});
