/** An engine whose network is an object that a test scripts. */
import type { Address } from '../../../bridge/src/contract/address.ts';
import type { ChatId, MessageId } from '../../../bridge/src/contract/ids.ts';
import type { EngineOperationId } from '../../../bridge/src/contract/operations/by-carrier.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import type {
  Engine,
  EngineCapabilities,
  EngineHealth,
  PairingCode,
  SendStatus,
} from '../../../bridge/src/engine/engine.ts';
import type { EngineInput, EngineResult, SendReceipt } from '../../../bridge/src/engine/engine-operations.ts';

export interface NetworkSend {
  readonly messageId: MessageId | null;
  readonly chatId: ChatId;
  readonly text: string;
}
/** What the engine was asked to do. */
interface Performed {
  readonly operation: string;
  readonly input: EngineInput;
}
type SendScript = (
  message: Performed,
  messageId: MessageId | null,
  deliver: () => SendReceipt,
) => Promise<SendReceipt> | SendReceipt;

/** WhatsApp, as far as these tests need it. It outlives the bridge of a test. */
export class Network {
  /** What left, in order, one entry per transmission. */
  readonly sent: NetworkSend[] = [];
  /** Scripts for the next sends; without one a send succeeds. */
  readonly scripts: SendScript[] = [];
  resolve: (chatId: ChatId) => Promise<Address> | Address = (chatId) => addressOf(chatId);
  sendStatus: (messageId: MessageId) => Promise<SendStatus> | SendStatus = (messageId) =>
    this.has(messageId) ? 'sent' : 'absent';
  #ids = 0;

  /** The next send leaves once the returned function is called. */
  holdNext(): () => void {
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    this.scripts.push(async (_message, _messageId, deliver) => {
      await held;
      return deliver();
    });
    return release;
  }

  has(messageId: MessageId): boolean {
    return this.sent.some((sent) => sent.messageId === messageId);
  }

  texts(chatId?: ChatId): string[] {
    return this.sent.filter((sent) => chatId === undefined || sent.chatId === chatId).map(({ text }) => text);
  }

  nextId(chatId: ChatId): MessageId {
    return `true_${chatId}_${String(++this.#ids).padStart(6, '0')}` as MessageId;
  }
}

function textOf({ input }: Performed): string {
  const { text, emoji } = input as Readonly<Record<string, string | undefined>>;
  return emoji ?? text ?? '';
}

export const CAPABILITIES: EngineCapabilities = {
  chosenMessageIds: true,
  linking: [],
  parallelFiles: false,
  simulated: true,
  operations: ['message.sendText', 'message.sendImage', 'message.sendAudio', 'message.react'],
  events: [],
};

export class NetworkEngine implements Engine {
  readonly name = 'sandbox';
  readonly capabilities: EngineCapabilities;
  readonly #network: Network;

  constructor(network: Network, capabilities: EngineCapabilities) {
    this.#network = network;
    this.capabilities = capabilities;
  }

  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  async logout(): Promise<void> {}

  async resolveChat(chatId: ChatId): Promise<Address> {
    return this.#network.resolve(chatId);
  }

  chooseMessageId(chatId: ChatId): MessageId {
    return this.#network.nextId(chatId);
  }

  async perform<Id extends EngineOperationId>(
    id: Id,
    input: EngineInput<Id>,
    messageId: MessageId | null = null,
  ): Promise<EngineResult<Id>> {
    const message = { operation: id, input };
    const { chatId } = input;
    const deliver = (): SendReceipt => {
      this.#network.sent.push({
        messageId,
        chatId,
        text: textOf(message),
      });
      return { messageId: messageId ?? this.#network.nextId(chatId), sentAt: new Date() };
    };
    const script = this.#network.scripts.shift();
    await Promise.resolve();
    return (script ? script(message, messageId, deliver) : deliver()) as EngineResult<Id>;
  }

  async sendStatusOf(messageId: MessageId): Promise<SendStatus> {
    return this.#network.sendStatus(messageId);
  }

  health(): Promise<EngineHealth> {
    return Promise.resolve({ checks: [] });
  }

  requestPairingCode(): Promise<PairingCode> {
    return Promise.reject(new Error('not here'));
  }

  downloadMedia(): Promise<never> {
    return Promise.reject(new Error('not here'));
  }
}
