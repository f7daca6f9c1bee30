/** Pages without an account: they show a QR, or a code to type into the phone, until somebody links them. */
import { randomBytes, randomInt } from 'node:crypto';
import type { Connection } from './device.ts';

/** WhatsApp's codes have eight signs, none of which looks like another. */
const SIGNS = '123456789ABCDEFGHJKLMNPQRSTVWXYZ';

interface Waiting {
  readonly connection: Connection;
  shown: number;
  ref: string;
  timer: NodeJS.Timeout | undefined;
}

interface Code {
  readonly phone: string;
  readonly waiting: Waiting;
  readonly expiresAt: number;
}

export class Linking {
  /** How long one QR is valid, and after how many the page stops renewing it by itself. */
  readonly qr = { lifetimeMs: 20_000, renewals: 6 };
  /** How long a pairing code is valid, and what the server says instead of giving one. */
  readonly pairing: { lifetimeMs: number; refusal: string | null } = { lifetimeMs: 180_000, refusal: null };
  readonly #waiting = new Map<Connection, Waiting>();
  readonly #codes = new Map<string, Code>();

  /** Shows a QR on an unlinked page, and the next ones, until the page has to ask for more. */
  show(connection: Connection): void {
    this.forget(connection);
    const waiting: Waiting = { connection, shown: 0, ref: '', timer: undefined };
    this.#waiting.set(connection, waiting);
    const next = (): void => {
      waiting.ref = '';
      if (waiting.shown++ >= this.qr.renewals) return connection.send({ type: 'idle' });
      waiting.ref = `2@${randomBytes(24).toString('base64url')}`;
      connection.send({ type: 'ref', ref: waiting.ref });
      waiting.timer = setTimeout(next, this.qr.lifetimeMs);
    };
    next();
  }

  /** A code for the page, beside the QR. Asking for new QR codes voids it. @throws Error with the server's refusal */
  code(connection: Connection, phone: string): string {
    const waiting = this.#waiting.get(connection);
    if (!waiting) throw new Error('this page is linked already');
    if (this.pairing.refusal !== null) throw new Error(this.pairing.refusal);
    if (!/^\d{7,15}$/.test(phone)) throw new Error('bad-request');
    this.#forgetCodes(waiting);
    const code = Array.from({ length: 8 }, () => SIGNS[randomInt(SIGNS.length)]).join('');
    this.#codes.set(code, { phone, waiting, expiresAt: Date.now() + this.pairing.lifetimeMs });
    return code;
  }

  /** The page that shows a QR. @throws Error where none does any more */
  scan(text: string): Connection {
    const ref = text.split(',')[0] ?? '';
    const waiting = [...this.#waiting.values()].find((each) => ref !== '' && each.ref === ref);
    if (!waiting) throw new Error('no page shows this QR any more');
    return this.#linked(waiting);
  }

  /** The page that asked for a code. @throws Error for a code that is wrong, late or was asked for another number */
  enter(text: string, phone: string): Connection {
    const code = text.replace(/[\s-]/g, '').toUpperCase();
    const found = this.#codes.get(code);
    if (!found || found.phone !== phone) throw new Error('the phone does not accept this code');
    if (Date.now() > found.expiresAt) throw new Error('this code has expired');
    return this.#linked(found.waiting);
  }

  /** The page that began to wait last. @throws Error where none waits */
  newest(): Connection {
    const waiting = [...this.#waiting.values()].at(-1);
    if (!waiting) throw new Error('no page waits to be linked');
    return this.#linked(waiting);
  }

  forget(connection: Connection): void {
    const waiting = this.#waiting.get(connection);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#forgetCodes(waiting);
    this.#waiting.delete(connection);
  }

  stop(): void {
    for (const connection of [...this.#waiting.keys()]) this.forget(connection);
  }

  #linked(waiting: Waiting): Connection {
    this.forget(waiting.connection);
    return waiting.connection;
  }

  #forgetCodes(waiting: Waiting): void {
    for (const [code, each] of this.#codes) if (each.waiting === waiting) this.#codes.delete(code);
  }
}
