/** Refuses a WebSocket upgrade before the protocol is switched. */
import type { Duplex } from 'node:stream';
import { closeSocket } from '../ops/close-socket.ts';

const TITLES = { 400: 'Bad Request', 429: 'Too Many Requests', 503: 'Service Unavailable' } as const;

/** @param reason plain ASCII, for a person who looks at the answer */
export function refuseUpgrade(socket: Duplex, status: keyof typeof TITLES, reason: string): void {
  const head = [
    `HTTP/1.1 ${status} ${TITLES[status]}`,
    'Connection: close',
    'Content-Type: text/plain',
    `Content-Length: ${reason.length}`,
  ];
  closeSocket(socket, `${head.join('\r\n')}\r\n\r\n${reason}`);
}
