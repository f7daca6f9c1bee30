/** Follows the event stream from the terminal: an ephemeral subscription that acknowledges what it has printed. */
import { setTimeout as pause } from 'node:timers/promises';
import { CLOSE_CODES } from '../contract/frames.ts';
import type { WebSocket } from 'ws';
import { UnreachableError, type BridgeClient } from './client.ts';

export interface TailedEvent {
  readonly id: string;
  readonly type: string;
  readonly session: string | null;
  readonly seq: number;
  readonly occurredAt: string;
  readonly chat: { readonly chatId: string } | null;
  readonly sender: { readonly chatId: string; readonly phone?: string } | null;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly withheld?: string;
}

export interface TailOptions {
  readonly filter: object;
  /** `latest`, `earliest` or a cursor. */
  readonly from: string;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

interface Frame {
  readonly type: string;
  readonly cursor?: string;
  readonly attempt?: number;
  readonly id?: number;
  readonly event?: TailedEvent;
  readonly reason?: string;
  readonly lost?: number;
  readonly message?: string;
}

const WINDOW = 64;
const RECONNECT_MS = 1_000;

/**
 * Prints events until the signal fires, and reconnects where it left off.
 *
 * @throws where the bridge refuses the key, or closes for a reason that a new connection does not mend
 */
export async function tail(
  client: BridgeClient,
  options: TailOptions,
  print: (event: TailedEvent) => void,
): Promise<void> {
  let from = options.from;
  let connected = false;
  while (!options.signal.aborted) {
    const socket = await client.openStream().catch((error: unknown) => {
      if (connected && error instanceof UnreachableError) return null;
      throw error;
    });
    if (socket !== null) {
      connected = true;
      const code = await follow(socket, { ...options, from }, (cursor, event) => {
        from = cursor;
        if (event) print(event);
      });
      if (options.signal.aborted) return;
      const known = CLOSE_CODES[code as keyof typeof CLOSE_CODES] as { reconnect: boolean; means: string } | undefined;
      if (known?.reconnect === false) throw new Error(`The bridge closed the stream: ${known.means}.`);
      options.note(`The stream ended (${known?.means ?? 'connection lost'}); reconnecting ...`);
    }
    await pause(RECONNECT_MS, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

/** One connection. Resolves with the code by which it was closed. */
function follow(
  socket: WebSocket,
  options: TailOptions,
  seen: (cursor: string, event?: TailedEvent) => void,
): Promise<number> {
  const subscription = `cli:${process.pid}:${Date.now().toString(36)}`;
  const send = (frame: object): void => socket.send(JSON.stringify(frame));
  const stop = (): void => socket.close(1000);
  if (options.signal.aborted) stop();
  options.signal.addEventListener('abort', stop, { once: true });

  socket.on('message', (data) => {
    const frame = JSON.parse((data as Buffer).toString('utf8')) as Frame;
    switch (frame.type) {
      case 'hello':
        return send({
          type: 'subscribe',
          subscription,
          durable: false,
          filter: options.filter,
          from: options.from,
          window: WINDOW,
        });
      case 'subscribed':
        return seen(frame.cursor!);
      case 'event':
        seen(frame.cursor!, frame.event);
        return send({ type: 'ack', subscription, cursors: [frame.cursor], attempt: frame.attempt });
      case 'ping':
        return send({ type: 'pong', id: frame.id });
      case 'reset':
        return options.note(`Some events can no longer be shown (${frame.reason}; at most ${frame.lost}).`);
      case 'error':
        return options.note(frame.message ?? 'The bridge reported an error.');
      default:
        return undefined;
    }
  });
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      options.signal.removeEventListener('abort', stop);
      resolve(code);
    });
  });
}
