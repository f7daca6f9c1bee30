/** Clients that go away before the bridge has read their request, which is not a failure of the bridge. */
import type { IncomingMessage } from 'node:http';
import { announcesBody } from '../auth/request-head.ts';

export class ClientLeft extends Error {
  constructor() {
    super('the client disconnected before its body was read');
  }
}

/** Whether the connection ended before the request's body was read: who reads it now would wait for its end for ever. */
export const isCutOff = ({ headers, destroyed, readableEnded }: IncomingMessage): boolean =>
  destroyed && !readableEnded && announcesBody(headers['transfer-encoding'], headers['content-length']);

/** What a reader of the body is told when the connection ends. */
const CODES: readonly string[] = ['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'];

/** Whether a request failed with this error because its client went away in the middle of its body. */
export const hasLeft = (request: IncomingMessage, error: Error & { code?: string }): boolean =>
  error instanceof ClientLeft || (request.destroyed && !request.complete && CODES.includes(error.code ?? ''));
