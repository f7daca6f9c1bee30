/** Structured logs (JSON lines by pino). No key, token, phone number or message body is ever passed to a logger. */
import { destination, pino, type Logger } from 'pino';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'> & { child(bindings: object): Log };

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const STDERR = 2;

/**
 * The root logger. Paths that could carry a secret are redacted as a second line of defence.
 *
 * @param format `json` for machines, `pretty` for a terminal
 */
export function createLogger(level: LogLevel, format: 'json' | 'pretty'): Log {
  const options = {
    level,
    redact: {
      paths: ['*.secret', '*.seed', '*.privateKey', '*.signature', 'req.headers', '*.text', '*.body', '*.phone'],
      censor: '[redacted]',
    },
  };
  // On stderr, so that stdout is left to what a person is shown: the first key must never be in a log.
  if (format === 'json') return pino(options, destination(STDERR));
  return pino({
    ...options,
    transport: {
      target: 'pino-pretty',
      options: { destination: STDERR, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' },
    },
  });
}
