/** Sends messages through the page, once each, and says what is known of them. */
import { randomBytes } from 'node:crypto';
import PQueue from 'p-queue';
import type { ChatId, MessageId } from '../../../contract/ids.ts';
import { within } from '../../../ops/deadline.ts';
import { EngineError } from '../../engine.ts';
import type { OutgoingFile, SendReceipt } from '../../engine-operations.ts';
import { type Deadlines, forFile, TransportError } from '../deadlines.ts';
import { chatFormsOf } from '../../../contract/whatsapp-id.ts';
import { uploadToPage, dropUpload } from './media-upload.ts';
import type { LongPageCalls } from '../page/page-calls.ts';
import { describe, withoutNumbers } from '../page/page-reason.ts';
import { type PageSend, type PageSendResult, sendInPage } from '../page/page-send.ts';

/** The form of ids that WhatsApp Web makes: `3EB0` and 18 hex digits. */
export const newStanzaId = (): string => `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;
const stanzaOf = (messageId: MessageId): string => messageId.split('_')[2] ?? '';

/** A message to send. */
export interface Outgoing {
  readonly chatId: ChatId;
  readonly quotedMessageId?: MessageId;
  readonly mentions?: readonly ChatId[];
  /** What a person reads of it: the text, or the caption of its file. */
  readonly text?: string;
  readonly file?: OutgoingFile;
  /** Options of the library's `sendMessage` in the page, in JSON, besides those that all messages have. */
  readonly options?: Readonly<Record<string, unknown>>;
}

export class Sender {
  readonly #page: () => LongPageCalls;
  readonly #deadlines: Deadlines;
  /** A file passes through the memory of two processes: one at a time. */
  readonly #files = new PQueue({ concurrency: 1 });
  readonly #unconfirmed = new Map<string, { accepted: () => void; lost: (error: Error) => void }>();

  constructor(page: () => LongPageCalls, deadlines: Deadlines) {
    this.#page = page;
    this.#deadlines = deadlines;
  }

  /** @throws EngineError: `unknown` where the way to the page or to WhatsApp broke after the message may have left */
  async send(message: Outgoing, messageId: MessageId | null): Promise<SendReceipt> {
    const stanzaId = messageId === null ? newStanzaId() : stanzaOf(messageId);
    const { file } = message;
    if (!file) return this.#sendAndConfirm(message, stanzaId, null);
    return this.#files.add(async () => {
      const page = this.#pageNow();
      const token = await uploadToPage(page, this.#deadlines, file);
      try {
        const media = { token, mimetype: file.mimeType, filename: file.fileName };
        return await this.#sendAndConfirm(message, stanzaId, media);
      } finally {
        dropUpload(page, this.#deadlines, token);
      }
    });
  }

  /** `level` is the page's number: at least 1 when the server has the message, negative when it was refused. */
  acknowledged(stanzaId: string, level: number): void {
    const waiting = this.#unconfirmed.get(stanzaId);
    if (level > 0) waiting?.accepted();
    else if (level < 0)
      waiting?.lost(new EngineError('fail', 'WAB_SEND_REFUSED', 'WhatsApp did not accept the message'));
  }

  /** The run is over: of messages without an acknowledgement nothing is known. */
  abandon(reason: string): void {
    for (const { lost } of this.#unconfirmed.values())
      lost(new EngineError('unknown', 'WAB_SESSION_NOT_READY', reason));
  }

  async #sendAndConfirm(message: Outgoing, stanzaId: string, media: PageSend['media']): Promise<SendReceipt> {
    const accepted = new Promise<void>((resolve, reject) =>
      this.#unconfirmed.set(stanzaId, { accepted: resolve, lost: reject }),
    );
    accepted.catch(() => undefined);
    try {
      const result = await this.#inPage(message, stanzaId, media);
      if (!result.sent) throw refusal(result);
      if (result.ack < 0) throw new EngineError('fail', 'WAB_SEND_REFUSED', 'WhatsApp did not accept the message');
      // The page answers as soon as it holds the message; only the server's word means that WhatsApp has it.
      if (result.ack === 0) await within(accepted, this.#deadlines.ack, 'the acknowledgement by the server');
      return { messageId: result.messageId as MessageId, sentAt: new Date(result.sentAt * 1000) };
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw new EngineError('unknown', 'WAB_SESSION_NOT_READY', describe(error), { cause: error });
    } finally {
      this.#unconfirmed.delete(stanzaId);
    }
  }

  async #inPage(message: Outgoing, stanzaId: string, media: PageSend['media']): Promise<PageSendResult> {
    const order: PageSend = {
      chatId: message.chatId,
      stanzaId,
      text: message.text ?? null,
      mentions: (message.mentions ?? []).map(chatFormsOf),
      quoted: message.quotedMessageId ?? null,
      media,
      options: message.options ?? {},
    };
    const page = this.#pageNow();
    if (!message.file) return page.call(sendInPage, this.#deadlines.send, order);
    return page.callLong(sendInPage, forFile(this.#deadlines, message.file.sizeBytes), order);
  }

  /** @throws EngineError `defer`: nothing has left yet */
  #pageNow(): LongPageCalls {
    try {
      return this.#page();
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      throw new EngineError('defer', 'WAB_SESSION_NOT_READY', error.message, { cause: error });
    }
  }
}

function refusal({ why, reason: said }: Extract<PageSendResult, { sent: false }>): EngineError {
  const reason = withoutNumbers(said);
  switch (why) {
    case 'no-chat':
      return new EngineError('fail', 'WAB_CHAT_UNKNOWN', reason);
    case 'no-quoted':
      return new EngineError('fail', 'WAB_QUOTED_UNKNOWN', reason);
    case 'reloading':
    case 'lost-file':
      return new EngineError('defer', 'WAB_SESSION_NOT_READY', reason);
    case 'before-id':
      return new EngineError('defer', 'WAB_SEND_FAILED', reason);
    case 'after-id':
      return new EngineError('unknown', 'WAB_SESSION_NOT_READY', `WhatsApp Web failed while sending: ${reason}`);
  }
}
