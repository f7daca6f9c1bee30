/**
 * The engine as a user without rights, as it should run in production: with Chromium's sandbox. Where the tests run as
 * root, its process is started as another user; elsewhere as whoever runs them.
 */
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { JsonProcess } from './json-process.ts';
import { browserTree } from './processes.ts';
import { SessionAtTest } from './session-at-test.ts';
import { type Program, programForStranger, strangerIn } from './stranger.ts';

interface Line {
  readonly kind: string;
  readonly code?: string;
  readonly said?: readonly unknown[];
}

/** Where the program must be copied first, that alone can take a minute. */
const LONG = 300_000;
let program: Program;
beforeAll(async () => {
  program = await programForStranger();
}, LONG);
afterAll(() => program.remove());

let session: SessionAtTest;
let engine: JsonProcess<Line> | undefined;
afterEach(async () => {
  await engine?.end();
  engine = undefined;
  await session.close();
}, LONG);

const nth = (kind: string): Promise<Line> =>
  (engine as JsonProcess<Line>).until(kind, (lines) => lines.find((line) => line.kind === kind));

test.each(['headless shell', 'chromium'] as const)(
  'as a user without rights the session works, and its pages are in the sandbox: %s',
  async (browser) => {
    session = await SessionAtTest.open('_serialized', browser);
    const stranger = await strangerIn(session.folder, program);
    const settings = { browserPath: session.browserPath, browserArgs: session.standin.browserArgs };
    const args = [session.profileFolder, JSON.stringify(settings), '{}'];
    engine = new JsonProcess<Line>(program.script, args, session.profileFolder, stranger);
    session.standin.scan((await nth('qr')).code as string, session.me);
    await nth('ready');
    engine.say(`send ${session.bob.pn} from a user without rights`);
    expect((await session.inbox(1)).map(({ text }) => text)).toEqual(['from a user without rights']);

    const { commands, pids, renderers } = await browserTree(session.profileFolder);
    expect(new Set(pids.map((pid) => statSync(`/proc/${pid}`).uid))).toEqual(new Set([stranger.uid]));
    expect(commands.filter((command) => command.includes('--no-sandbox'))).toEqual([]);
    expect(renderers.length).toBeGreaterThan(0);
    for (const pid of renderers) {
      // What the sandbox is made of: a filter of system calls, and a user namespace of its own.
      expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Seccomp:\s+2$/m);
      expect(readlinkSync(`/proc/${pid}/ns/user`)).not.toBe(readlinkSync(`/proc/${engine.pid}/ns/user`));
    }
    expect(JSON.stringify(engine.lines)).not.toContain('Running as root');
  },
  LONG,
);

test(
  'where the system refuses the sandbox to this user, the reason says so and what to do',
  async () => {
    session = await SessionAtTest.open();
    const stranger = await strangerIn(session.folder, program);
    // Inside a user namespace without rights no further one can be made: as on a system that forbids them.
    const confined = join(stranger.home, 'confined');
    await writeFile(confined, `#!/bin/sh\nexec unshare --user --map-user=1000 ${program.node} "$@"\n`);
    await chmod(confined, 0o755);
    const settings = { browserPath: session.browserPath, browserArgs: session.standin.browserArgs };
    const args = [session.profileFolder, JSON.stringify(settings), '{}'];
    engine = new JsonProcess<Line>(program.script, args, session.profileFolder, { ...stranger, node: confined });
    expect(JSON.stringify(await nth('crashed'))).toMatch(/no usable sandbox.*chromium-sandbox/);
  },
  LONG,
);
