/** What a run of a browser reports. */
import type whatsapp from 'whatsapp-web.js';
import type { WatchListener } from '../page/page-watch.ts';

export type RunEnd = 'crashed' | 'logged_out' | 'refused';

export interface RunListener extends Omit<WatchListener, 'refused'> {
  qr(code: string): void;
  message(message: whatsapp.Message): void;
  /** A message came that cannot be read yet; `message` follows if it is decrypted while the page stays loaded. */
  undecrypted(message: whatsapp.Message): void;
  acknowledged(message: whatsapp.Message, level: number): void;
  /** Names of the library's events besides messages and acknowledgements that `happened` is told. */
  readonly events: readonly string[];
  happened(event: string, told: unknown): void;
  /** The library says that a medium was uploaded, of the message with this stanza id. */
  uploaded(stanzaId: string): void;
  /**
   * WhatsApp Web cannot be reached, which no other browser would change. Comes again while that lasts.
   *
   * @param forMs for how long, in milliseconds
   */
  unreachable(error: string, forMs: number): void;
  /** The run is over; `close` is still to be called. Comes at most once. */
  ended(how: RunEnd, reason: string, retryAfterMs?: number): void;
}
