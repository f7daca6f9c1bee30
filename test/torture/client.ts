/** Clients that ask a bridge for sends as real ones do: one after the other within a chat, and again if no answer comes. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ProblemError, type BridgeClient } from '../../bridge/src/cli/client.ts';
import { newMediaId } from '../../bridge/src/contract/ids.ts';
import type { History } from './history.ts';
import { CHATS, type PlannedSend } from './plan.ts';

const ANSWER_DEADLINE_MS = 8_000;
const PAUSE_MS = 150;

export interface ClientDependencies {
  readonly bridge: BridgeClient;
  readonly history: History;
  readonly session: string;
  /** Where files to be sent are written. */
  readonly folder: string;
  /** Begins every idempotency key. */
  readonly run: string;
  /** Ends every wait. */
  readonly signal: AbortSignal;
}

/** The number of the person in a chat. */
export const phoneOf = (chat: number): string => `4915123456${String(100 + chat)}`;

export class Clients {
  readonly #with: ClientDependencies;
  /** The last work of each chat. */
  readonly #chats: Promise<void>[] = Array.from({ length: CHATS }, async () => undefined);
  /** Key of the last send of each chat that was accepted. */
  readonly #lastKeys = new Map<number, string>();
  readonly #accepted = new Set<number>();
  #handed = 0;
  #finished = 0;
  #unanswered = 0;

  constructor(dependencies: ClientDependencies) {
    this.#with = dependencies;
  }

  /** How many sends were handed in and are not done with. */
  get waiting(): number {
    return this.#handed - this.#finished;
  }

  /** How many sends are done with. */
  get finished(): number {
    return this.#finished;
  }

  /** How many questions wait for their answer. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** How many sends were accepted. */
  get accepted(): number {
    return this.#accepted.size;
  }

  /** Hands a send in; it is asked for when those before it in its chat are done with. */
  hand(planned: PlannedSend): void {
    this.#handed += 1;
    const previous = this.#chats[planned.chat] ?? Promise.resolve();
    this.#chats[planned.chat] = previous
      .then(() => this.#carryOut(planned))
      .catch((error: unknown) => {
        if (!this.#with.signal.aborted) throw error;
      })
      .finally(() => void (this.#finished += 1));
  }

  /** Resolves once everything that was handed in is done with. @throws what was wrong with a client itself */
  async done(): Promise<void> {
    await Promise.all(this.#chats);
  }

  async #carryOut(planned: PlannedSend): Promise<void> {
    const { run } = this.#with;
    const before = this.#lastKeys.get(planned.chat);
    const reuses = planned.client === 'reuses the key' && before !== undefined;
    const key = reuses ? before : `${run}-${planned.send}`;
    const file = planned.hasFile ? await this.#upload(planned) : null;
    if (planned.hasFile && file === null) return;
    for (let times = 1; ; times += 1) {
      const outcome = await this.#ask(planned, { key, reusesKey: reuses }, file);
      if (outcome === 'accepted') {
        this.#accepted.add(planned.send);
        this.#lastKeys.set(planned.chat, key);
      }
      if (planned.client === 'impatient' || outcome === 'refused') return;
      if (outcome === 'accepted' && (planned.client !== 'repeats' || times > 1)) return;
      await wait(PAUSE_MS, undefined, { signal: this.#with.signal });
    }
  }

  async #ask(
    { send, chat, text }: PlannedSend,
    { key, reusesKey }: { readonly key: string; readonly reusesKey: boolean },
    file: File | null,
  ): Promise<'accepted' | 'refused' | 'unknown'> {
    const { bridge, history, session, signal } = this.#with;
    const content = file === null ? { type: 'text', text } : { type: 'document', text, mediaId: file.mediaId };
    history.add({ kind: 'asked', send, chat: phoneOf(chat), text, sha256: file?.sha256 ?? null, reusesKey });
    this.#unanswered += 1;
    try {
      const { id } = await bridge.request<{ id: string }>('POST', '/v1/messages', {
        body: { session, to: `+${phoneOf(chat)}`, ...content },
        headers: { 'idempotency-key': key },
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_DEADLINE_MS)]),
      });
      history.add({ kind: 'answered', send, outcome: 'accepted', id });
      return 'accepted';
    } catch (error) {
      // A refusal by the bridge for good; all else may or may not have been accepted.
      const outcome =
        error instanceof ProblemError && error.status < 500 && !error.retryable ? 'refused' : ('unknown' as const);
      history.add({ kind: 'answered', send, outcome, reason: reasonOf(error) });
      return outcome;
    } finally {
      this.#unanswered -= 1;
    }
  }

  /** Uploads a file until the bridge has it. @returns null for an impatient client that did not succeed */
  async #upload({ send, text, client }: PlannedSend): Promise<File | null> {
    const { bridge, folder, signal } = this.#with;
    const bytes = Buffer.from(`%PDF-1.4\n${text}\n`.repeat(50));
    const path = join(folder, `${send}.pdf`);
    await writeFile(path, bytes);
    for (;;) {
      const mediaId = newMediaId();
      try {
        await bridge.upload(`/v1/media/${mediaId}`, path, {
          query: { fileName: `${send}.pdf` },
          signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_DEADLINE_MS)]),
        });
        return { mediaId, sha256: createHash('sha256').update(bytes).digest('hex') };
      } catch (error) {
        if (error instanceof ProblemError && error.status < 500 && !error.retryable) throw error;
        if (client === 'impatient') return null;
      }
      await wait(PAUSE_MS, undefined, { signal });
    }
  }
}

interface File {
  readonly mediaId: string;
  /** In hex. */
  readonly sha256: string;
}

const reasonOf = (error: unknown): string =>
  error instanceof ProblemError ? error.code : ((error as Error).name ?? String(error));
