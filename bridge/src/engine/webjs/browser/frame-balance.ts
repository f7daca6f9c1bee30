/**
 * Whether the page works off what WhatsApp's server sends, by counting frames of its WebSocket: WhatsApp's protocol has a client
 * answer every message, receipt and notification, and what answers a question of the page was preceded by the question. Frames
 * cannot be read here, so only their number counts: those that came and have no frame that was sent beside them. See ADR 19.
 */

/** Bytes. Smaller frames are not counted: that somebody is writing, or online, is told in few bytes and never answered. */
const SUBSTANTIAL = 200;
/** A frame that was sent may be the question to one that comes this much later, in milliseconds. */
const QUESTION_MS = 20_000;
/** A frame that is sent so soon after one that came is the answer to it, in milliseconds. */
const ANSWER_MS = 5_000;
/** So many without an answer are no accident. */
const MANY = 5;
/** The count has come out even so often before it is believed: a page that answers in another way must not look ill. */
const PROVEN = 3;

export class FrameBalance {
  /** Frames that came and were not answered. */
  #owed = 0;
  #owedSince: number | null = null;
  /** When those frames were sent that have answered nothing, oldest first. */
  #questions: number[] = [];
  /** What came lately and is not owed an answer, but may get one. */
  #answerable: { readonly at: number; readonly substantial: boolean }[] = [];
  #even = 0;

  /** @param now milliseconds, here and below */
  received(bytes: number, now: number): void {
    const substantial = bytes >= SUBSTANTIAL;
    this.#questions = this.#questions.filter((at) => now - at < QUESTION_MS);
    this.#answerable = this.#answerable.filter(({ at }) => now - at < ANSWER_MS);
    if (!substantial || this.#questions.shift() !== undefined)
      return void this.#answerable.push({ at: now, substantial });
    this.#owed += 1;
    this.#owedSince ??= now;
  }

  sent(now: number): void {
    if (this.#owed === 0) {
      this.#answerable = this.#answerable.filter(({ at }) => now - at < ANSWER_MS);
      const answered = this.#answerable.shift();
      if (answered === undefined) this.#questions.push(now);
      else if (answered.substantial) this.#even += 1;
      return;
    }
    this.#owed -= 1;
    if (this.#owed > 0) return;
    this.#owedSince = null;
    this.#even += 1;
  }

  /** The page has announced something: it works, and answers in a moment what it has got. */
  announced(now: number): void {
    for (; this.#owed > 0; this.#owed -= 1) this.#answerable.push({ at: now, substantial: true });
    this.#owedSince = null;
  }

  /** Another connection: nothing is owed over it. */
  begin(): void {
    this.#owed = 0;
    this.#owedSince = null;
    this.#questions = [];
    this.#answerable = [];
  }

  /** Whether the page has left many frames unanswered for so long, in milliseconds, and announced nothing since. */
  leavesUnanswered(afterMs: number, now: number): boolean {
    return this.#even >= PROVEN && this.#owed >= MANY && this.#owedSince !== null && now - this.#owedSince >= afterMs;
  }
}
