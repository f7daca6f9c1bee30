/** Waiting for something to become true. */
import type { EventEmitter } from 'node:events';

/** What is emitted for everything that happens on the network. */
const CHANGES = ['arrived', 'phoneEvent', 'linked', 'seen', 'call', 'pairing', 'page'];

/**
 * Resolves with what `look` finds: asked now, after each event, and now and then in between.
 *
 * @throws Error (as a rejection) that names what was waited for, after `timeoutMs` milliseconds
 */
export function until<Found>(
  events: EventEmitter,
  what: string,
  look: () => Found | undefined | false,
  timeoutMs: number,
): Promise<Found> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(deadline);
      clearInterval(beat);
      for (const name of CHANGES) events.off(name, again);
    };
    const again = (): void => {
      try {
        const found = look();
        if (found === undefined || found === false) return;
        end();
        resolve(found);
      } catch (error) {
        end();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    const deadline = setTimeout(() => {
      end();
      reject(new Error(`waited ${timeoutMs} ms for ${what}`));
    }, timeoutMs);
    const beat = setInterval(again, 50);
    for (const name of CHANGES) events.on(name, again);
    again();
  });
}
