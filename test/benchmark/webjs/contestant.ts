/** What is asked of both sides: the bridge, and a script with bare whatsapp-web.js. Each is a process of its own. */
import type { Account } from '../../standin/account.ts';

export interface Outgoing {
  readonly to: Account;
  readonly text: string;
}

export interface Contestant {
  /** Accounts of the two sides are told apart by the number that they begin with. */
  readonly name: 'ours' | 'stock';
  /** Everything of this side is in here: its processes name it, or descend from one that does. */
  readonly folder: string;
  /** Starts the process; sessions that it had begin to be restored. */
  open(): Promise<void>;
  /** Adds a session. Resolves with the text of its first QR code. */
  add(session: string): Promise<string>;
  /** Resolves once a session is ready; the call may come late. */
  ready(session: string): Promise<void>;
  /** Ends a session and keeps its login. */
  stop(session: string): Promise<void>;
  /** Starts a session that has a login. */
  start(session: string): Promise<void>;
  /** Resolves once its consumer was handed so many messages that others wrote since the last call. */
  received(count: number): Promise<void>;
  /** Sends as many side by side as there are chats, each chat's in order. Resolves once all are accepted. */
  send(session: string, messages: readonly Outgoing[]): Promise<void>;
  /** The Node process. */
  readonly pid: number;
  /** What it wrote, for the message of a failure. */
  readonly output: string;
  /** Ends the process and its browsers. Never rejects. */
  close(): Promise<void>;
}

/** Messages in turns, by chat. */
export function byChat(messages: readonly Outgoing[]): readonly (readonly Outgoing[])[] {
  const chats = new Map<Account, Outgoing[]>();
  for (const message of messages) chats.set(message.to, [...(chats.get(message.to) ?? []), message]);
  return [...chats.values()];
}
