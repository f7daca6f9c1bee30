/**
 * whatsapp-web.js and Puppeteer leave promises unhandled when a browser ends at the wrong moment, and Node would end the
 * whole bridge for it. While a session runs, such a rejection is attributed to the session in whose work it arose; one
 * that belongs to no session is thrown, as Node would.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

type Receive = (reason: unknown) => void;

const work = new AsyncLocalStorage<Receive>();
let sessions = 0;

function onUnhandled(reason: unknown): void {
  const receive = work.getStore();
  if (receive) return receive(reason);
  const stack = reason instanceof Error ? (reason.stack ?? '') : '';
  if (/node_modules[\\/](whatsapp-web\.js|puppeteer|puppeteer-core)[\\/]/.test(stack)) return;
  throw reason;
}

/** Runs work whose stray rejections go to `receive`. Returns what ends the watch for this session. */
export function attributeRejections(receive: Receive, start: () => void): () => void {
  if (sessions++ === 0) process.on('unhandledRejection', onUnhandled);
  work.run(receive, start);
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    if (--sessions === 0) process.off('unhandledRejection', onUnhandled);
  };
}
