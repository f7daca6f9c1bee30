/** Counts sends that fail in the page itself: one bad file is the file's fault, several messages in a row are the page's. */

/** So many failures in a row, of so many different messages, and sending does not work. */
const FAILURES = 5;
const MESSAGES = 3;

export class SendFailures {
  readonly #told: (words: string | null) => void;
  #failures = 0;
  readonly #messages = new Set<string>();

  /** @param told with what does not work, for a person; null once it works */
  constructor(told: (words: string | null) => void) {
    this.#told = told;
  }

  /** @param message anything that tells one message from another. @param reason names no people */
  failed(message: string, reason: string): void {
    this.#failures += 1;
    if (this.#messages.size < MESSAGES) this.#messages.add(message);
    if (this.#failures < FAILURES || this.#messages.size < MESSAGES) return;
    this.#told(`WhatsApp Web could not send any of the last messages: ${reason}`);
  }

  worked(): void {
    this.#failures = 0;
    this.#messages.clear();
    this.#told(null);
  }
}
