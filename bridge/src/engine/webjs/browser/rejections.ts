/**
 * whatsapp-web.js and Puppeteer leave promises unhandled when a browser ends at the wrong moment, and Node would end the
 * whole bridge for it. Such a rejection is attributed to the session in whose work it arose; one that belongs to no
 * session is thrown, as Node would.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

type Receive = (reason: unknown) => void;

const work = new AsyncLocalStorage<Receive>();
let watching = false;

function onUnhandled(reason: unknown): void {
  const receive = work.getStore();
  if (receive) return receive(reason);
  const stack = reason instanceof Error ? (reason.stack ?? '') : '';
  if (/node_modules[\\/](whatsapp-web\.js|puppeteer|puppeteer-core)[\\/]/.test(stack)) return;
  throw reason;
}

/** Runs work whose stray rejections go to `receive`: also those that come long after the session has ended. */
export function attributeRejections(receive: Receive, start: () => void): void {
  // For good: the last session's work may fail when no session is left.
  if (!watching) process.on('unhandledRejection', onUnhandled);
  watching = true;
  work.run(receive, start);
}
