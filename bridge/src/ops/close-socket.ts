/** Closing a socket for good, whatever its client does. */
import type { Duplex } from 'node:stream';

/** How long a client has to read the last answer and to close its side, in milliseconds. */
const LINGER_MS = 2_000;

/**
 * Sends a last answer and closes. The socket is read until then: one that is not read never learns that its client has
 * gone, and would keep its descriptor for as long as the process lives.
 */
export function closeSocket(socket: Duplex, answer?: string): void {
  socket.on('error', () => socket.destroy());
  socket.resume();
  socket.end(answer);
  const cut = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once('close', () => clearTimeout(cut));
}
