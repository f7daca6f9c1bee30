/**
 * Why a browser does not start, in words that say what to do. Over a pipe Puppeteer hears only that it ended, so it is
 * started once more, by hand and without a page, and listened to.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { browserEnvironment } from './browser-environment.ts';
import { removeBrowserLock } from './browser-lock.ts';

const LONGEST_MS = 10_000;
/** A browser can say a lot; what it died of is among the last. */
const HEARD_CHARACTERS = 64 * 1024;
const LONGEST_WORDS = 300;

const KNOWN: readonly (readonly [RegExp, (found: RegExpExecArray) => string])[] = [
  [
    /No usable sandbox/,
    () =>
      'Chromium has no usable sandbox, because this system allows only root to create user namespaces. Allow them for other users, or install the package chromium-sandbox; the runbook says how',
  ],
  [
    /error while loading shared libraries: ([^:\s]+)/,
    ([, library]) =>
      `the browser needs the system library ${library}, which is missing. Install it, or run \`wabridge browser install\` as root`,
  ],
];

/**
 * What the browser says when it is started with these flags, or null if it starts, or says nothing.
 *
 * @param flags without a profile: one of its own is made for this
 */
export async function launchFailure(path: string, flags: readonly string[]): Promise<string | null> {
  const profile = await mkdtemp(join(tmpdir(), 'wabridge-launch-'));
  try {
    const { code, said } = await listen(path, [...flags, `--user-data-dir=${profile}`, '--dump-dom', 'about:blank']);
    return code === 0 ? null : wordsFor(said);
  } finally {
    await removeBrowserLock(profile);
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** From what a browser wrote to its error output; null if that is nothing. */
export function wordsFor(said: string): string | null {
  for (const [pattern, words] of KNOWN) {
    const found = pattern.exec(said);
    if (found) return words(found);
  }
  const last = said.trim().split('\n').at(-1)?.trim();
  // The prefix: process, time, file and line.
  return last ? `the browser ended with: ${last.replace(/^\[[^\]]*\]\s*/, '').slice(0, LONGEST_WORDS)}` : null;
}

function listen(path: string, args: readonly string[]): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve) => {
    // The leader of a group, so that all of it can be ended.
    const child = spawn(path, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true, env: browserEnvironment() });
    let said = '';
    const timer = setTimeout(() => {
      try {
        process.kill(-(child.pid as number), 'SIGKILL');
      } catch {
        // It has just ended.
      }
    }, LONGEST_MS);
    const done = (code: number | null): void => {
      clearTimeout(timer);
      resolve({ code, said });
    };
    child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-HEARD_CHARACTERS)));
    child.once('error', (error) => {
      said += error.message;
      done(null);
    });
    child.once('close', done);
  });
}
