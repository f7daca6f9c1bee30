/**
 * What the library tells besides messages and acknowledgements. Each of its events has one file, `events/<noun>/<verb>.ts`,
 * which makes a fact of it.
 */
import type { Address } from '../../../contract/address.ts';
import type { EngineEventType } from '../../../contract/events.ts';
import type { ChatId } from '../../../contract/ids.ts';
import type { EngineFact } from '../../engine.ts';
import type { EngineEvent } from '../../engine-events.ts';

/** What happened, before the addresses of its people are looked up. */
export interface Occurrence<T extends EngineEventType> {
  readonly chat: ChatId;
  readonly at: Date;
  /** Everybody whose address the fact has, besides the chat. */
  readonly people: readonly ChatId[];
  /** @param find the address of the chat, and of each of `people` */
  fact(find: (id: ChatId) => Address): EngineFact<T>;
}

export interface LibraryEvent<T extends EngineEventType, Told = unknown> extends EngineEvent<T> {
  /** Its name in the library. */
  readonly name: string;
  /**
   * @param told as the library tells it: nothing of it is certain
   * @param self ids of the linked account
   * @returns null if there is nothing to report
   * @throws Error if it has an unexpected form
   */
  read(this: void, told: Told, self: readonly string[]): Occurrence<T> | null;
}

/** Declares what becomes of an event. */
export const libraryEvent = <const T extends EngineEventType, Told>(event: LibraryEvent<T, Told>): LibraryEvent<T> =>
  event;
