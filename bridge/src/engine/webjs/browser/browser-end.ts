/** The end of a browser: politely within a deadline, then by force. */
import type { ChildProcess } from 'node:child_process';
import type { Browser } from 'puppeteer';
import { within } from '../../../ops/deadline.ts';
import type { Log } from '../../../ops/logger.ts';
import { describe } from '../page/page-reason.ts';

/** Asks it to close itself. Never rejects. @param deadlineMs in milliseconds */
export async function closeBrowser(browser: Browser, deadlineMs: number, log: Log): Promise<void> {
  // Its listeners stay: Puppeteer takes their removal for the end, and kills a browser that is closed twice.
  await within(browser.close(), deadlineMs, 'closing the browser').catch((error) =>
    log.warn({ reason: describe(error) }, 'the browser did not close by itself and is being killed'),
  );
}

/** Kills it and all its processes, unless it has ended. Never rejects. @param deadlineMs in milliseconds */
export async function killBrowser(child: ChildProcess, deadlineMs: number, log: Log): Promise<void> {
  if (!child.pid || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    // Puppeteer starts the browser as the leader of a process group, which its children share.
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
  await within(exited, deadlineMs, 'the killed browser').catch((error) =>
    log.error({ reason: describe(error) }, 'the browser cannot be killed'),
  );
}
