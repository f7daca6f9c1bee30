/**
 * The one catalogue of errors, by area in `errors/`. Codes are never reused. Each message says what is wrong and what to do
 * next. `bridge/docs/errors.md` is held against this catalogue by a test, both ways.
 */
import { AUTH_ERRORS } from './errors/auth.ts';
import { INSTALLATION_ERRORS } from './errors/installation.ts';
import { MEDIA_ERRORS } from './errors/media.ts';
import { REQUEST_ERRORS } from './errors/requests.ts';
import { SANDBOX_ERRORS } from './errors/sandbox.ts';
import { SEND_ERRORS } from './errors/sends.ts';
import { SESSION_ERRORS } from './errors/sessions.ts';
import { STREAM_ERRORS } from './errors/stream.ts';

export const ERRORS = {
  ...REQUEST_ERRORS,
  ...AUTH_ERRORS,
  ...SESSION_ERRORS,
  ...SEND_ERRORS,
  ...MEDIA_ERRORS,
  ...STREAM_ERRORS,
  ...SANDBOX_ERRORS,
  ...INSTALLATION_ERRORS,
} as const;

export type ErrorCode = keyof typeof ERRORS;
/** Codes of earlier versions, which no other error may take. */
export const RETIRED_CODES = ['WAB_ACT_NOT_DONE'] as const;

type Details = Readonly<Record<string, string | number>>;

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** A size for a person, in units of 1,024 as file managers show them. */
function sizeText(bytes: number): string {
  const unit = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  return `${Number((bytes / 1_024 ** unit).toFixed(1))} ${UNITS[unit]}`;
}

/** What stands for `{name}`; details in bytes are named so. */
function detailText(details: Details, name: string, placeholder: string): string {
  const value = details[name] ?? placeholder;
  return typeof value === 'number' && /Bytes$/.test(name) ? sizeText(value) : String(value);
}

interface WabErrorOptions {
  readonly cause?: unknown;
  /** What the caller gave and gets back in the answer, and nobody else: it may be a phone number. */
  readonly given?: string;
}

/** The longest that an answer repeats of what it was given, in characters. */
const MAX_GIVEN = 80;

/** An error of the catalogue. The message never holds a key, token, phone number or message body. */
export class WabError extends Error {
  readonly code: ErrorCode;
  readonly details: Details;
  // Private, so that a logger that writes an error with its members does not write it.
  readonly #given: string | undefined;

  constructor(code: ErrorCode, details: Details = {}, options: WabErrorOptions = {}) {
    super(
      ERRORS[code].message.replace(/\{(\w+)\}/g, (placeholder, name: string) => detailText(details, name, placeholder)),
      'cause' in options ? { cause: options.cause } : undefined,
    );
    this.name = 'WabError';
    this.code = code;
    this.details = details;
    this.#given = options.given;
  }

  /** The message for the caller alone, with what the caller gave. Not for a log, a job or an event. */
  get answer(): string {
    if (this.#given === undefined) return this.message;
    // A mark that nobody sees is what makes a number puzzling.
    const shown = this.#given
      .slice(0, MAX_GIVEN)
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (mark) => `\\u{${mark.codePointAt(0)?.toString(16)}}`);
    return `${this.message} Given: "${shown}".`;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}
