/**
 * Eight sessions on one bridge, each with a browser of its own: what befalls one leaves the others alone, and restarts of
 * the whole leave nothing behind. `npm test` runs it with the headless shell, `npm run test:long` with a whole Chromium and
 * one restart more.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { existsSync, readdirSync } from 'node:fs';
import { readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Profile } from '../../bridge/src/engine/webjs/login/profile.ts';
import type { Account } from '../standin/account.ts';
import { BridgeAtTest, type LoggedEvent } from './bridge-at-test.ts';
import { browserTree, untilEnded } from './processes.ts';
import { BROWSERS, type BrowserKind } from './webjs-harness.ts';

const NAMES = Array.from({ length: 8 }, (_, index) => `phone-${index + 1}`);
const [KILLED = '', HUNG = '', ...OTHERS] = NAMES;
/** Sessions that the registry lets connect at the same time after a start of the bridge. */
const AT_A_TIME = 4;
const FOREVER_MS = 10 * 60_000;

jest.setTimeout(240_000);

let at: BridgeAtTest;
let bob: Account;

const account = (session: string): Account => at.accounts.get(session) as Account;
const say = (session: string, text: string): void => void at.standin.network.say(bob, account(session), text);
const isReceived =
  (session: string, text: string) =>
  (event: LoggedEvent): boolean =>
    event.type === 'message.received' && event.session === session && event.data['text'] === text;
const changedTo =
  (session: string, state: string) =>
  (event: LoggedEvent): boolean =>
    event.type === 'session.state_changed' && event.session === session && event.data['to'] === state;

async function placeOf(what: string, matches: (event: LoggedEvent) => boolean): Promise<number> {
  return (await at.untilEvent(what, matches)).seq;
}

/** Asserts that the log since a position shows sessions that connect side by side, and never more than allowed. */
async function expectSideBySide(after: number): Promise<void> {
  const connecting = new Set<string>();
  let most = 0;
  for (const { seq, type, session, data } of await at.events()) {
    if (seq <= after || type !== 'session.state_changed') continue;
    if (data['to'] === 'starting' || data['to'] === 'connecting') connecting.add(session);
    else connecting.delete(session);
    most = Math.max(most, connecting.size);
  }
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(AT_A_TIME);
}

/** The folder in the temporary one that a whole Chromium keeps its socket in; null where there is none. */
const socketFolderOf = (session: string): Promise<string | null> =>
  readlink(join(at.profileOf(session), 'session', 'SingletonSocket')).then(dirname, () => null);

/** @param bridgeRestarts two or more: the bridge is stopped and killed by turns */
export function manySessions(kind: BrowserKind, bridgeRestarts: number): void {
  describe(`eight sessions, each in a browser of its own (${kind})`, () => {
    beforeAll(async () => {
      at = await BridgeAtTest.open({ WABRIDGE_BROWSER_PATH: BROWSERS[kind] });
      bob = at.standin.network.addAccount('4915110000002', 'Bob');
      await at.bridge.start();
      await at.link(NAMES);
    });
    afterAll(() => at.close());

    test('a dead browser and a page that hangs hold up nothing of what the others hear and send', async () => {
      const { network } = at.standin;
      const killed = await browserTree(at.profileOf(KILLED));
      // Until this test lets the two go on, once the others are done.
      at.standin.page.syncDelayMs = FOREVER_MS;
      await at.standin.pageOf(account(HUNG)).busy(FOREVER_MS, 'waits');
      const fromHung = isReceived(HUNG, 'is anybody there?');
      process.kill(killed.browser as number, 'SIGKILL');
      for (const name of NAMES) say(name, 'is anybody there?');
      await Promise.all(
        OTHERS.map((session) =>
          at.bridge.client.request('POST', '/v1/messages', {
            body: { session, type: 'text', to: `+${bob.phone}`, text: `from ${session}` },
            headers: { 'idempotency-key': session },
          }),
        ),
      );

      const fell = await placeOf('the fall', changedTo(KILLED, 'reconnecting'));
      await Promise.all(
        OTHERS.flatMap((name) => [
          placeOf(`what ${name} heard`, isReceived(name, 'is anybody there?')),
          placeOf(`what ${name} sent`, ({ type, session }) => type === 'message.sent' && session === name),
        ]),
      );
      // The two are still away.
      const returned = (event: LoggedEvent): boolean => event.seq > fell && changedTo(KILLED, 'ready')(event);
      expect((await at.events()).filter((event) => returned(event) || fromHung(event))).toEqual([]);

      at.standin.page.syncDelayMs = 300;
      await at.until('the page of the new browser', async () => at.standin.openPageOf(account(KILLED)));
      for (const page of at.standin.pages.all) page.wake();
      await placeOf('the return', returned);
      await placeOf('what was missed', isReceived(KILLED, 'is anybody there?'));
      await placeOf('what the page that hung heard', fromHung);
      expect(bob.inbox.map(({ body }) => body).sort()).toEqual(OTHERS.map((session) => `from ${session}`).sort());
      await untilEnded(killed.pids);
      await at.untilReady();
      expect((await at.events()).filter(isReceived(KILLED, 'is anybody there?'))).toHaveLength(1);
      expect(network.accounts.filter(({ devices }) => devices.size > 1)).toEqual([]);
    });

    test(`${NAMES.length * bridgeRestarts} restarts leave no process, no lock and no session without its login`, async () => {
      at.standin.page.syncDelayMs = 300;
      for (let round = 1; round <= bridgeRestarts; round += 1) {
        const trees = await Promise.all(NAMES.map((name) => browserTree(at.profileOf(name))));
        for (const { pids } of trees) expect(pids.length).toBeGreaterThan(1);
        const socketFolders = (await Promise.all(NAMES.map(socketFolderOf))).filter((folder) => folder !== null);
        expect(socketFolders).toHaveLength(kind === 'chromium' ? NAMES.length : 0);
        const last = (await at.events()).at(-1)?.seq ?? 0;
        // As an operator ends it, and as the kernel does.
        if (round % 2 === 1) await at.bridge.stop();
        else await at.bridge.kill();
        await untilEnded(trees.flatMap(({ pids }) => pids));
        expect((await browserTree(at.bridge.dataDir)).pids).toEqual([]);
        for (const name of NAMES) {
          const profile = new Profile(at.profileOf(name));
          await profile.open();
          profile.close();
          expect(readdirSync(profile.browserFolder).filter((file) => file.startsWith('Singleton'))).toEqual([]);
          say(name, `before start ${round}`);
        }
        expect(socketFolders.filter((folder) => existsSync(folder))).toEqual([]);
        await at.bridge.start();
        await at.untilReady();
        await expectSideBySide(last);
        for (const name of NAMES) await placeOf(`what ${name} missed`, isReceived(name, `before start ${round}`));
      }
      const log = await at.events();
      // The one of the linking, perhaps renewed, and none since.
      const linkedAt = Math.max(...NAMES.map((name) => log.find(changedTo(name, 'ready'))?.seq ?? 0));
      expect(log.filter(({ type, seq }) => type === 'session.qr_issued' && seq > linkedAt)).toEqual([]);
      expect([...at.accounts.values()].map(({ devices }) => devices.size)).toEqual(NAMES.map(() => 1));
    });
  });
}
