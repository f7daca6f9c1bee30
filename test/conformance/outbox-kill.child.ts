/**
 * The bridge's outbox in a process that is going to be killed: the real dispatcher over real SQLite or, if asked for, real
 * PostgreSQL and Redis, with an engine whose network is the test's. It stops for good at a named point, tells the test, and
 * waits for the SIGKILL.
 */
import type { Address } from '../../bridge/src/contract/address.ts';
import type { ChatId, OutboxId, MessageId } from '../../bridge/src/contract/ids.ts';
import type { Engine, EngineHealth, PairingCode, SendStatus } from '../../bridge/src/engine/engine.ts';
import type { EngineInput, EngineResult } from '../../bridge/src/engine/engine-operations.ts';
import type { EngineOperationId } from '../../bridge/src/contract/operations/by-carrier.ts';
import { addressOf } from '../../bridge/src/contract/whatsapp-id.ts';
import type { Move } from '../../bridge/src/store/outbox.repository.ts';
import type { Database } from '../../bridge/src/store/database.ts';
import type { Call } from '../../bridge/src/store/operation.ts';
import { openOutbox } from '../bridge/outbox/outbox-harness.ts';
import { asked, KEY, SESSION } from '../bridge/outbox/outbox-samples.ts';
import { redisScheduler } from './redis-at-test.ts';

export type KillPoint =
  'before the intent' | 'after the intent' | 'after the call' | 'after the answer' | 'after the acceptance';
export interface ToSend {
  readonly to: string;
  readonly text: string;
  /** The text is the emoji of a reaction. */
  readonly reaction?: true;
}
export type ToChild =
  | { readonly do: 'accept'; readonly texts: readonly ToSend[] }
  | { readonly do: 'settle'; readonly ids: readonly string[] }
  | { readonly do: 'resolve'; readonly id: string; readonly as: 'sent' | 'failed' | 'resend' }
  | { readonly do: 'close' };
export type FromChild =
  | { readonly say: 'up' }
  | { readonly say: 'accepted'; readonly ids: readonly string[] }
  | { readonly say: 'reached'; readonly point: KillPoint; readonly id: string }
  | { readonly say: 'settled'; readonly states: Readonly<Record<string, string>> }
  | { readonly say: 'closed' };

const [dataDir = '', networkUrl = '', point = '', redisUrl = '', databaseUrl = ''] = process.argv.slice(2);
const tell = (message: FromChild): void => void process.send?.(message);
const forEver = new Promise<never>(() => undefined);

/** The first message of the test is the one whose send is interrupted. */
let target = '';
const pauseAt = async (here: KillPoint, id: string): Promise<void> => {
  if (here !== point || id !== target) return;
  tell({ say: 'reached', point: here, id });
  await forEver;
};

class HttpEngine implements Engine {
  readonly name = 'sandbox';
  readonly capabilities = {
    chosenMessageIds: true,
    linking: [],
    parallelFiles: false,
    simulated: true,
    operations: ['message.sendText', 'message.react'],
    events: [],
  } as const;
  #ids = 0;

  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  async logout(): Promise<void> {}
  async resolveChat(chatId: ChatId): Promise<Address> {
    return addressOf(chatId);
  }
  chooseMessageId(chatId: ChatId): MessageId {
    return `true_${chatId}_${process.pid}x${++this.#ids}` as MessageId;
  }
  async perform<Id extends EngineOperationId>(id: Id, input: EngineInput<Id>, messageId?: MessageId | null) {
    const { chatId, text, emoji, messageId: about } = input as Readonly<Record<string, unknown>>;
    await this.#ask('/send', { messageId, chatId, text: text ?? emoji });
    return { messageId: id === 'message.react' ? about : messageId, sentAt: new Date() } as EngineResult<Id>;
  }
  async sendStatusOf(messageId: MessageId): Promise<SendStatus> {
    return (await this.#ask('/send-status', { messageId }))['sendStatus'] as SendStatus;
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
  async #ask(path: string, body: object): Promise<Record<string, unknown>> {
    const answer = await fetch(networkUrl + path, { method: 'POST', body: JSON.stringify(body) });
    return (await answer.json()) as Record<string, unknown>;
  }
}

/** Stops around the writes that matter, as a kill there would. The database itself is the real one. */
function stopping(database: Database): Database {
  const moveOf = (work: Call<unknown> | readonly Call<unknown>[]): Move | undefined =>
    [work].flat().find((call): call is Call<unknown> => call.operation === 'outbox.move')?.args as Move | undefined;
  return {
    availability: database.availability,
    reader: database.reader,
    backup: (file) => database.backup(file),
    close: () => database.close(),
    write: (async (work: Call<unknown>): Promise<unknown> => {
      const move = moveOf(work);
      const id = move && 'id' in move.of ? move.of.id : '';
      if (move?.to === 'sending') await pauseAt('before the intent', id);
      if (move?.to === 'accepted') await pauseAt('after the answer', id);
      const result = await database.write(work);
      if (move?.to === 'sending') await pauseAt('after the intent', id);
      if (move?.to === 'accepted') await pauseAt('after the acceptance', id);
      return result;
    }) as Database['write'],
  };
}

const outbox = await openOutbox(dataDir, {
  engine: new HttpEngine(),
  wrap: stopping,
  durable: true,
  ...(databaseUrl === '' ? {} : { databaseUrl }),
  // Of one name over the lives of this bridge, as the epoch of its database gives it.
  ...(redisUrl === '' ? {} : { scheduler: redisScheduler(redisUrl, 'outbox').scheduler }),
  sendMs: 60_000,
  questionMs: 20_000,
});
process.on('message', (message: ToChild) => void execute(message));

async function acceptReaction(to: string, emoji: string): Promise<string> {
  const { message } = await outbox.service.accept(
    ...asked({ session: SESSION, to, type: 'reaction', messageId: `false_${to}_1`, emoji }),
    { keyId: KEY, idempotencyKey: `reaction ${emoji}`, firstAnswer: false },
  );
  return message.id;
}

async function execute(message: ToChild): Promise<void> {
  if (message.do === 'accept') {
    const ids: string[] = [];
    for (const { to, text, reaction } of message.texts) {
      const id = reaction ? await acceptReaction(to, text) : (await outbox.accept(text, to as ChatId)).id;
      target ||= id;
      ids.push(id);
    }
    tell({ say: 'accepted', ids });
    outbox.sessions.up();
  } else if (message.do === 'settle') {
    outbox.sessions.up();
    const states: Record<string, string> = {};
    for (const id of message.ids) states[id] = (await outbox.until(id, 'accepted', 'failed', 'in_doubt')).state;
    tell({ say: 'settled', states });
  } else if (message.do === 'resolve') {
    await outbox.service.resolve(message.id as OutboxId, message.as);
    tell({ say: 'settled', states: { [message.id]: (await outbox.until(message.id, 'accepted', 'failed')).state } });
  } else {
    await outbox.close();
    tell({ say: 'closed' });
    process.disconnect();
  }
}

await outbox.dispatcher.start();
tell({ say: 'up' });
