/** Asks WhatsApp about a person under each form of the number, since accounts may be known under an older one. */
import type { ChatId } from '../contract/ids.ts';
import { EngineError } from './engine.ts';
import { chatFormsOf } from '../contract/whatsapp-id.ts';

/**
 * @param ask is given the id itself first, and another form only if WhatsApp knows nobody under the one before
 * @throws what `ask` throws; where no form is known, what it threw for the id itself
 */
export async function inAnyForm<T>(chatId: ChatId, ask: (form: ChatId) => Promise<T>): Promise<T> {
  const [given, ...others] = chatFormsOf(chatId);
  try {
    return await ask(given);
  } catch (first) {
    if (!isUnknown(first)) throw first;
    for (const other of others) {
      try {
        return await ask(other);
      } catch (error) {
        if (!isUnknown(error)) throw error;
      }
    }
    throw first;
  }
}

const isUnknown = (error: unknown): boolean =>
  error instanceof EngineError && error.outcome === 'fail' && error.code === 'WAB_CHAT_UNKNOWN';
