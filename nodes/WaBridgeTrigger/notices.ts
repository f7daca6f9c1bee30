/** Tells people what is wrong: n8n's log for whoever runs it, a failed execution for whoever built the workflow. */
import type { Logger } from 'n8n-workflow';

export interface NoticeContext {
  readonly workflowId: string;
  readonly nodeName: string;
  readonly subscription: string;
}

export class Notices {
  readonly #logger: Logger;
  readonly #show: (text: string) => void;
  readonly #context: NoticeContext;
  readonly #said = new Set<string>();

  /** @param show puts the text where the workflow's executions are listed */
  constructor(logger: Logger, show: (text: string) => void, context: NoticeContext) {
    this.#logger = logger;
    this.#show = show;
    this.#context = context;
  }

  info(text: string): void {
    this.#logger.info(`WaBridge Trigger: ${text}`, { ...this.#context });
  }

  warn(text: string): void {
    this.#logger.warn(`WaBridge Trigger: ${text}`, { ...this.#context });
  }

  /** Logs and shows what the builder of the workflow must know. */
  show(text: string): void {
    this.#logger.error(`WaBridge Trigger: ${text}`, { ...this.#context });
    this.#show(text);
  }

  /** Whether this reason is new since the last `allClear`; the caller then says it. */
  isNews(reason: string): boolean {
    if (this.#said.has(reason)) return false;
    this.#said.add(reason);
    return true;
  }

  /** What was wrong is over: should it come back, it is news again. */
  allClear(): void {
    this.#said.clear();
  }
}
