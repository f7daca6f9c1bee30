/**
 * Counts what workflows really did, outside every process that a test kills: the workflow calls it over HTTP with the
 * event it runs for. What it has answered is what happened.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface WitnessedRun {
  readonly eventId: string;
  readonly attempt: number;
  readonly chat: string;
  readonly text: string;
  /** Of the file in the item, where the workflow tells it. */
  readonly sha256?: string;
  /** Why the item has no file, as the trigger says it. */
  readonly mediaError?: object;
  /** Milliseconds since the epoch, when the call arrived. */
  readonly at: number;
}

export class Witness {
  readonly runs: WitnessedRun[] = [];
  /** Calls that arrived and are not answered yet. */
  readonly underWay = new Set<WitnessedRun>();
  /** How long an answer takes, so that runs overlap with kills. */
  answerMs = 0;
  /** Answers in place of the plain `200 {}`; undefined for the plain one. */
  respond: ((run: WitnessedRun, response: ServerResponse) => boolean) | undefined;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/ran`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get open(): number {
    return this.underWay.size;
  }

  /** Ids of the events whose workflow ran at least once. */
  get seen(): ReadonlySet<string> {
    return new Set(this.runs.map((run) => run.eventId));
  }

  /** Texts by chat, in the order in which their first runs began. */
  textsByChat(): ReadonlyMap<string, readonly string[]> {
    const known = new Set<string>();
    const byChat = new Map<string, string[]>();
    for (const { eventId, chat, text } of this.runs) {
      if (known.has(eventId)) continue;
      known.add(eventId);
      byChat.set(chat, [...(byChat.get(chat) ?? []), text]);
    }
    return byChat;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return; // the caller was killed while it was speaking: nothing was said
    }
    const said = JSON.parse(Buffer.concat(chunks).toString()) as Omit<WitnessedRun, 'at'>;
    const run: WitnessedRun = { ...said, attempt: Number(said.attempt), at: Date.now() };
    this.runs.push(run);
    this.underWay.add(run);
    if (this.answerMs > 0) await sleep(this.answerMs);
    this.underWay.delete(run);
    if (this.respond?.(run, response)) return;
    response.setHeader('content-type', 'application/json');
    response.end('{}');
  }
}
