/**
 * A login goes on at another machine by the profile store, with the real library in a real browser: from a copy that was made
 * while the browser ran, and after an orderly stop of the bridge, without a scan in either case.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SessionName } from '../../bridge/src/contract/ids.ts';
import type { Engine } from '../../bridge/src/engine/engine.ts';
import { DEADLINES } from '../../bridge/src/engine/webjs/deadlines.ts';
import type { ProfileOutcome } from '../../bridge/src/engine/webjs/login/stored/stored-profile.ts';
import { PROFILE_TIMES, StoredProfiles } from '../../bridge/src/engine/webjs/login/stored/stored-profiles.ts';
import { WebjsFactory } from '../../bridge/src/engine/webjs/webjs.ts';
import { systemClock } from '../../bridge/src/ops/clock.ts';
import { createLogger } from '../../bridge/src/ops/logger.ts';
import { DiskProfileStore } from '../../bridge/src/profiles/disk-profile-store.ts';
import { FlakyStore } from '../bridge/engine/webjs/login/stored/profiles-at-test.ts';
import { EngineRecording } from '../conformance/engine-recording.ts';
import { BridgeProcess, freePort } from '../e2e/bridge-process.ts';
import { S3Server } from '../servers/s3.ts';
import type { Account } from '../standin/account.ts';
import { Standin } from '../standin/server.ts';
import { until } from '../until.ts';
import { BridgeAtTest } from './bridge-at-test.ts';

const LONG = 240_000;
let standin: Standin;
let me: Account;
let bob: Account;
let folder: string;
/** What a test has started. */
const ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  standin = new Standin();
  await standin.start();
  me = standin.network.addAccount('4915110000001', 'Me');
  bob = standin.network.addAccount('4915110000002', 'Bob');
  folder = await mkdtemp(join(tmpdir(), 'wabridge-profile-store-'));
});
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
  await standin.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}, LONG);

/** An engine of a machine of its own. */
function machine(name: string): {
  store: FlakyStore;
  engine: Engine;
  recording: EngineRecording;
  outcomes: ProfileOutcome[];
} {
  const store = new FlakyStore(new DiskProfileStore(join(folder, 'store')));
  const outcomes: ProfileOutcome[] = [];
  const log = createLogger('silent', 'json');
  const profiles = new StoredProfiles(
    {
      store,
      profilesDir: join(folder, name),
      passphrase: () => 'the key of both machines',
      report: (outcome) => outcomes.push(outcome),
      clock: systemClock,
      log,
    },
    { ...PROFILE_TIMES, interval: 1_000, tick: 500, renew: 1_000, lease: 5_000 },
  );
  const settings = { browserPath: process.env['WABRIDGE_BROWSER_PATH'], browserArgs: standin.browserArgs };
  const factory = new WebjsFactory(settings, systemClock, log, DEADLINES, undefined, profiles);
  const recording = new EngineRecording();
  const engine = factory.create('support' as SessionName, join(folder, name, 'support'), recording, {});
  ends.push(() => engine.stop());
  return { store, engine, recording, outcomes };
}

/** Files of a profile that a process has mapped so that it can write to them without the system's knowing when. */
function writableMappings(profile: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const lines = pids.flatMap((pid) => {
    try {
      return readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
    } catch {
      return [];
    }
  });
  return lines.filter((line) => /^\S+ .w.s /.test(line) && line.includes(profile));
}

test(
  'a copy that was made while the browser ran is a login that works',
  async () => {
    const lost = machine('lost');
    await lost.engine.start();
    standin.scan((await lost.recording.untilSignal('qr')).code, me);
    await lost.recording.untilSignal('ready');
    standin.network.say(bob, me, 'before the copy');
    await until('a copy', () => lost.outcomes.includes('stored'));
    // A copy is only whole if no file of it changes unnoticed.
    const kept =
      /\/Default\/(Cookies|Network|Local Storage|IndexedDB|WebStorage|File System|Preferences)|\/Local State/;
    expect(writableMappings(join(folder, 'lost')).filter((line) => kept.test(line))).toEqual([]);

    // The machine is cut off from the store, and as good as lost.
    const other = machine('other');
    await expect(other.engine.start()).rejects.toMatchObject({ code: 'WAB_PROFILE_IN_USE' });
    lost.store.state = 'away';
    await until('the login to be free', () =>
      other.engine.start().then(
        () => true,
        () => false,
      ),
    );
    await other.recording.untilSignal('ready');
    expect(other.recording.signals.filter(({ kind }) => kind === 'qr')).toEqual([]);
    expect(me.devices.size).toBe(1);
    standin.network.say(bob, me, 'after the move');
    await until('what came later', () => other.recording.messages.some(({ text }) => text === 'after the move'));

    // Back again, it is told that the login is elsewhere.
    lost.store.state = 'up';
    await lost.recording.untilSignal('crashed');
    await lost.engine.stop();
    await expect(lost.engine.start()).rejects.toMatchObject({ code: 'WAB_PROFILE_IN_USE' });
  },
  LONG,
);

interface Session {
  readonly state: string;
  readonly reason: string;
}

test(
  'a bridge on a new machine, with the database and the key of the old one, asks for no scan',
  async () => {
    const server = await S3Server.start();
    ends.push(() => server.destroy());
    const settings = {
      WABRIDGE_ENGINES: 'webjs',
      WABRIDGE_BROWSER_FLAGS: standin.browserArgs.join('\n'),
      WABRIDGE_PROFILES_URL: server.url('bridge'),
      WABRIDGE_MASTER_KEY: randomBytes(32).toString('base64'),
    };
    const bridgeIn = async (name: string): Promise<BridgeAtTest> => {
      const bridge = new BridgeProcess(join(folder, name), await freePort(), settings);
      ends.unshift(() => bridge.stop());
      return new BridgeAtTest(standin, bridge);
    };
    const old = await bridgeIn('old');
    await old.bridge.start();
    await old.scan('phone', me);
    await old.untilReady();
    standin.network.say(bob, me, 'before the move');
    await old.untilEvent('the message', ({ data }) => data['text'] === 'before the move');
    const scans = (await old.events()).filter(({ type }) => type === 'session.qr_issued').length;
    await old.bridge.stop();
    expect(await server.objects()).toEqual([
      expect.stringMatching(/^bridge\/profiles\/phone\/[0-9a-f-]+\.login$/),
      'bridge/profiles/phone/record.json',
    ]);

    const isLogin = (path: string): boolean => path.startsWith(join(folder, 'old', 'profiles'));
    await cp(join(folder, 'old'), join(folder, 'fresh'), { recursive: true, filter: (path) => !isLogin(path) });
    standin.network.say(bob, me, 'while it moved');
    const fresh = await bridgeIn('fresh');
    fresh.accounts.set('phone', me);
    await fresh.bridge.start();
    await fresh.untilReady();
    await fresh.untilEvent('what was missed', ({ data }) => data['text'] === 'while it moved');
    const log = await fresh.events();
    expect(log.filter(({ type }) => type === 'session.qr_issued')).toHaveLength(scans);
    expect(me.devices.size).toBe(1);
    const texts = log.filter(({ type }) => type === 'message.received').map(({ data }) => data['text']);
    expect(texts.sort()).toEqual(['before the move', 'while it moved']);

    // The old one as well: it does not take the line, and says where the login is.
    await old.bridge.start();
    const refused = await old.until('the session to be refused', async () => {
      const session = await old.bridge.client.request<Session>('GET', '/v1/sessions/phone');
      return session.state === 'failed' && session;
    });
    expect(refused.reason).toContain('held by another bridge');
  },
  LONG,
);
