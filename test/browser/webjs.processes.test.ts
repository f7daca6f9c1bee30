/** Processes that die, hang or are cut off, and what is left of them. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { browserTree, untilEnded } from './processes.ts';
import { bobOf, failureOf, LONG, SessionAtTest } from './session-at-test.ts';

let session: SessionAtTest;
beforeEach(async () => {
  session = await SessionAtTest.open();
});
afterEach(() => session.close(), LONG);

describe('processes', () => {
  test(
    'a killed browser is noticed, and the next start restores the session without a QR',
    async () => {
      const { engine, heard } = await session.linked();
      const { browser, pids } = await browserTree(session.profileFolder);
      process.kill(browser as number, 'SIGKILL');
      expect((await heard.untilSignal('crashed')).reason).toContain('browser ended');
      await untilEnded(pids);
      expect((await failureOf(engine.send({ type: 'text', chatId: bobOf(session), text: 'x' }, null))).outcome).toBe(
        'defer',
      );
      await engine.start();
      await heard.untilSignal('ready', 2);
      expect(heard.signals.filter(({ kind }) => kind === 'qr')).toHaveLength(1);
      await engine.send({ type: 'text', chatId: bobOf(session), text: 'back again' }, null);
      expect(session.received().map(({ text }) => text)).toEqual(['back again']);
    },
    LONG,
  );

  test(
    'a send cut off by the death of the browser is unknown, never failed',
    async () => {
      const { engine, heard } = await session.linked();
      session.standin.network.holdsAcks = true;
      const wireId = engine.chooseWireId(bobOf(session));
      const sending = failureOf(engine.send({ type: 'text', chatId: bobOf(session), text: 'did it leave?' }, wireId));
      await session.inbox(1);
      process.kill((await browserTree(session.profileFolder)).browser as number, 'SIGKILL');
      expect((await sending).outcome).toBe('unknown');
      await heard.untilSignal('crashed');
      session.standin.network.holdsAcks = false;
      await engine.start();
      await heard.untilSignal('ready', 2);
      // The page sends what it holds unacknowledged by itself; the server takes one id once.
      await heard.until('the acknowledgement', () => (heard.acksOf(wireId).length > 0 ? true : undefined));
      expect(await engine.fateOf(wireId, bobOf(session))).toBe('sent');
      expect(session.received()).toHaveLength(1);
    },
    LONG,
  );

  test(
    'a crashed renderer is noticed',
    async () => {
      const { heard } = await session.linked();
      for (const pid of (await browserTree(session.profileFolder)).renderers) process.kill(pid, 'SIGKILL');
      expect((await heard.untilSignal('crashed')).reason).toMatch(/crashed|ended|closed/);
    },
    LONG,
  );

  test(
    'a browser that hangs is killed when the session stops',
    async () => {
      const { engine } = await session.linked({ close: 1_000 });
      const { browser, pids } = await browserTree(session.profileFolder);
      process.kill(browser as number, 'SIGSTOP');
      const began = Date.now();
      await engine.stop();
      expect(Date.now() - began).toBeLessThan(8_000);
      await untilEnded(pids);
    },
    LONG,
  );

  test(
    'stopping right after starting leaves no process',
    async () => {
      const { engine } = await session.launch();
      await engine.stop();
      expect((await browserTree(session.profileFolder)).pids).toEqual([]);
    },
    LONG,
  );

  test(
    'a second engine on the same profile is refused while the first one lives',
    async () => {
      const { engine } = await session.launch();
      await expect(session.launch()).rejects.toThrow(/in use/);
      await engine.stop();
      await session.launch();
    },
    LONG,
  );

  test(
    'a killed bridge leaves no browser behind, and stray rejections do not end it',
    async () => {
      const script = fileURLToPath(new URL('session-process.ts', import.meta.url));
      const child = spawn(
        process.execPath,
        [
          '--disable-warning=ExperimentalWarning',
          script,
          session.profileFolder,
          JSON.stringify(session.standin.browserArgs),
        ],
        {
          stdio: ['pipe', 'pipe', 'inherit'],
          env: { ...process.env, NODE_OPTIONS: '' },
        },
      );
      const ended = new Promise((resolve) => child.once('exit', resolve));
      try {
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        const until = async (kind: string): Promise<{ kind: string; code?: string; reason?: string }> => {
          for (;;) {
            const { value, done } = await lines.next();
            if (done) throw new Error(`the process ended before ${kind}`);
            const line = JSON.parse(value) as { kind: string; code?: string; reason?: string };
            if (line.kind === kind) return line;
          }
        };
        session.standin.scan((await until('qr')).code as string, session.me);
        await until('ready');
        child.stdin.write('stray\n');
        expect((await until('attributed')).reason).toContain('Target closed');
        session.standin.network.say(session.bob, session.me, 'still alive?');
        await until('message');
        const { pids } = await browserTree(session.profileFolder);
        expect(pids.length).toBeGreaterThan(2);
        child.kill('SIGKILL');
        await ended;
        await untilEnded(pids);
      } finally {
        child.kill('SIGKILL');
        await ended;
      }
      const { heard } = await session.launch();
      await heard.untilSignal('ready');
      expect(heard.signals.map(({ kind }) => kind)).not.toContain('qr');
    },
    LONG,
  );
});
