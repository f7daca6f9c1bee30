/**
 * whatsapp-web.js as it is, without anything of ours: what each defence is measured against. It runs in a process of its
 * own (`naive-gateway.ts`), since it may end the process it runs in.
 */
import { JsonProcess } from '../json-process.ts';

export interface GatewayOptions {
  readonly folder: string;
  readonly browserPath: string;
  readonly shell: boolean;
  readonly args: readonly string[];
  readonly auth?: 'local' | 'remote';
  /** How long the library waits for the page to show its version. */
  readonly authTimeoutMs?: number;
}
export interface GatewayCall {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}
export type GatewayLine =
  | { readonly event: string; readonly args: readonly unknown[] }
  | { readonly answer: number; readonly ok: boolean; readonly value: unknown };

/** A message as the library gives it to its user. */
export interface StockMessage {
  readonly id: { readonly _serialized?: string; readonly id: string; readonly fromMe: boolean };
  readonly from: string;
  readonly body: string;
  readonly ack: number;
  readonly hasQuotedMsg: boolean;
}

export class StockClient extends JsonProcess<GatewayLine> {
  readonly folder: string;
  #nextCall = 1;

  constructor(options: GatewayOptions) {
    super(new URL('naive-gateway.ts', import.meta.url), [JSON.stringify(options)], options.folder);
    this.folder = options.folder;
  }

  /** Calls a method of the client. @throws Error with the library's message, or that the process died */
  call<Result>(method: string, ...args: readonly unknown[]): Promise<Result> {
    const id = this.#nextCall++;
    this.say(JSON.stringify({ id, method, args } satisfies GatewayCall));
    const answered = this.until(`the answer of ${method}`, (lines) =>
      lines.find((line) => 'answer' in line && line.answer === id),
    ).then((line) => {
      const { ok, value } = line as Extract<GatewayLine, { answer: number }>;
      if (!ok) throw new Error(String(value));
      return value as Result;
    });
    // A call whose answer nobody waits for any more may fail when the process is ended.
    answered.catch(() => undefined);
    return answered;
  }

  /** Evaluates an expression in the page. */
  page<Result>(expression: string): Promise<Result> {
    return this.call('page', expression);
  }

  get events(): readonly string[] {
    return this.lines.flatMap((line) => ('event' in line ? [line.event] : []));
  }

  named(event: string): readonly (readonly unknown[])[] {
    return this.lines.flatMap((line) => ('event' in line && line.event === event ? [line.args] : []));
  }

  /** Messages of others, in the order of their announcement. */
  get messages(): readonly StockMessage[] {
    return this.named('message').map(([message]) => message as StockMessage);
  }

  untilEvent(event: string, nth = 1): Promise<readonly unknown[]> {
    return this.until(`${event} no. ${nth}`, () => this.named(event)[nth - 1]);
  }

  untilMessage(body: string): Promise<StockMessage> {
    return this.until(`the message ${body}`, () => this.messages.find((message) => message.body === body));
  }
}
