/** What a linked device does on the simulated network while it is connected: the calls of the engine, each with a deadline. */
import { createReadStream } from 'node:fs';
import type { ChatId, MessageId, SessionName } from '../../contract/ids.ts';
import { messageIdOf } from '../../contract/whatsapp-id.ts';
import type { Clock } from '../../ops/clock.ts';
import { DeadlineError, within } from '../../ops/deadline.ts';
import { reasonOf } from '../../ops/reason.ts';
import { EngineError } from '../engine.ts';
import type { OutgoingFile, SendReceipt } from '../engine-operations.ts';
import { refusal } from './network-answers.ts';
import type {
  DeviceConnection,
  NetworkContent,
  NetworkMedia,
  NetworkOperation,
  PhoneNetwork,
} from './phone-network.ts';
import { newStanzaId } from './stanza-id.ts';

/** What a message has besides its content. */
export interface Envelope {
  readonly chatId: ChatId;
  readonly mentions?: readonly ChatId[];
  readonly quotedMessageId?: MessageId;
}

/** An id as linked devices make it. */
export const newMessageId = (chatId: ChatId): MessageId => messageIdOf(true, chatId, newStanzaId());

export interface DeviceParts {
  readonly session: SessionName;
  readonly network: PhoneNetwork;
  /** The connection, while the device is ready. */
  readonly connection: () => DeviceConnection | null;
  /** How long a call may take, in milliseconds, before its outcome counts as unknown. */
  readonly callDeadlineMs: number;
  readonly clock: Clock;
}

export class Device {
  readonly #parts: DeviceParts;

  constructor(parts: DeviceParts) {
    this.#parts = parts;
  }

  /** @throws EngineError `defer` while it is not connected */
  requireConnection(): DeviceConnection {
    const connection = this.#parts.connection();
    if (connection) return connection;
    throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the simulated device is not connected');
  }

  /** Stores a file on the network. Nothing has left before the message that names it. */
  async store({ path, mimeType, fileName }: OutgoingFile): Promise<NetworkMedia> {
    const { session, network } = this.#parts;
    this.requireConnection();
    const stored = await this.within(network.storeMedia(session, createReadStream(path)), 'defer');
    return { mimeType, fileName, ...stored };
  }

  /** @param chosenId null for one that the network does not know yet */
  async send(
    content: NetworkContent,
    { chatId, mentions = [], quotedMessageId }: Envelope,
    chosenId: MessageId | null,
  ): Promise<SendReceipt> {
    const messageId = chosenId ?? newMessageId(chatId);
    const answer = await this.within(
      this.requireConnection().send({
        ...content,
        messageId,
        chatId,
        mentions,
        quotedMessageId: quotedMessageId ?? null,
      }),
      'unknown',
    );
    if (!answer.taken) throw refusal(answer.why, answer.retryAfterMs);
    return { messageId, sentAt: new Date(answer.sentAt) };
  }

  /** Does in a chat what sends no message. @returns when the other side saw it */
  async perform(operation: NetworkOperation): Promise<Date> {
    const answer = await this.within(this.requireConnection().perform(operation), 'unknown');
    if (!answer.taken) throw refusal(answer.why, answer.retryAfterMs);
    return new Date(answer.at);
  }

  /** Turns a broken connection or a missing answer into what is known of the call. */
  async within<T>(call: Promise<T>, outcome: 'defer' | 'unknown'): Promise<T> {
    const { callDeadlineMs, clock } = this.#parts;
    try {
      return await within(call, callDeadlineMs, 'the simulated network', clock);
    } catch (error) {
      if (error instanceof EngineError) throw error;
      const reason = error instanceof DeadlineError ? 'the simulated network did not answer in time' : reasonOf(error);
      throw new EngineError(outcome, 'WAB_SESSION_NOT_READY', reason, { cause: error });
    }
  }
}
