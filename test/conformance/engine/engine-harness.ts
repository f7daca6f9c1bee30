/**
 * What an engine is tested against. A harness stands for one WhatsApp account: the phone in the owner's hand, the people
 * it writes with, and a profile folder that outlives the engines made over it. `createEngine` may be called again and
 * again on the same account, as restarts of the bridge do.
 */
import type { Engine, EngineListener } from '../../../bridge/src/engine/engine.ts';

/** A message as the person at the other end holds it in the hand. */
export interface ReceivedByContact {
  readonly messageId: string;
  readonly chatId: string;
  readonly text: string | null;
  readonly quotedMessageId: string | null;
  /** Chat ids of the people mentioned. */
  readonly mentions: readonly string[];
  /** SHA-256 (hex) of the file, null for text. */
  readonly mediaSha256: string | null;
  /** Null for anything else. */
  readonly poll: {
    readonly question: string;
    readonly options: readonly string[];
    readonly allowMultipleAnswers: boolean;
  } | null;
  /** Null for anything else. */
  readonly location: {
    readonly latitude: number;
    readonly longitude: number;
    readonly name: string | null;
    readonly address: string | null;
  } | null;
}

/** A reaction as the person at the other end sees it happen. */
export interface ReactionSeen {
  /** The part of the message's id that is the same on all phones. */
  readonly stanza: string;
  /** Empty where it was taken back. */
  readonly emoji: string;
}

/** A vote in a poll that the account sent. */
export interface VoteInPoll {
  /** Chat id of the person who votes. */
  readonly from: string;
  /** The poll, as the account names it. */
  readonly messageId: string;
  /** All options that the person has chosen now. */
  readonly options: readonly string[];
}

export interface SaidToAccount {
  /** Chat id of the person who writes. */
  readonly from: string;
  /** Chat id of the group where it is written; missing for a direct message. */
  readonly group?: string;
  readonly text?: string;
  readonly location?: NonNullable<ReceivedByContact['location']>;
  readonly media?: {
    readonly kind: 'image' | 'document';
    readonly mimeType: string;
    readonly fileName: string;
    readonly bytes: Buffer;
  };
}

/** What an engine claims; tests of what it does not claim are reported as skipped. */
export interface EngineSupports {
  /** `EngineCapabilities.chosenMessageIds` is true and honoured. */
  readonly chosenMessageIds: boolean;
  /** WhatsApp can be asked what became of a message: `sendStatusOf` then says `absent`, not `unknown`. */
  readonly absence: boolean;
  readonly groups: boolean;
  readonly mediaIn: boolean;
  readonly mediaOut: boolean;
  readonly mentions: boolean;
  readonly quotes: boolean;
  readonly ownPhone: boolean;
  /** `dropConnection` cuts the line and lets it come back. */
  readonly reconnects: boolean;
  readonly offlineBacklog: boolean;
  /** A message whose `fact` was refused is reported again after a restart. */
  readonly redelivery: boolean;
  readonly unlink: boolean;
  readonly pairingCode: boolean;
}

/** Of an engine that claims everything. */
export const SUPPORTS_ALL: EngineSupports = {
  chosenMessageIds: true,
  absence: true,
  groups: true,
  mediaIn: true,
  mediaOut: true,
  mentions: true,
  quotes: true,
  ownPhone: true,
  reconnects: true,
  offlineBacklog: true,
  redelivery: true,
  unlink: true,
  pairingCode: true,
};

export interface EngineHarness {
  /** People that WhatsApp knows, as direct chat ids (`…@c.us`). */
  readonly contact: string;
  readonly otherContact: string;
  /** A group that the account is in (used only where groups are claimed). */
  readonly group: string;
  /** The account's own number, `+` and digits. */
  readonly ownNumber: string;
  /** A number without an account. */
  readonly unknownChat: string;
  /**
   * From now on `contact`, `otherContact` and `group` are others, and what those before received counts no more, so that
   * the next check can go on with the same linked engine. Missing where an account of its own costs a check little.
   */
  readonly meetOthers?: () => void;
  /** A new engine over the same account and profile folder. */
  createEngine(listener: EngineListener): Engine;
  /** The owner scans the code shown last. */
  scan(code: string): Promise<void>;
  /** Somebody else scans it with the phone of another account. */
  scanByAnother(code: string): Promise<void>;
  /** The owner types a pairing code on the phone. Rejects where it is not valid. */
  typeCode(code: string): Promise<void>;
  say(said: SaidToAccount): Promise<void>;
  vote(vote: VoteInPoll): Promise<void>;
  /** WhatsApp gets the next message that the account sends, and cannot send it on. */
  failNextSend(): Promise<void>;
  /** The owner types a message on the phone itself. */
  sendFromPhone(said: { readonly to: string; readonly text: string }): Promise<void>;
  /** Resolves once contacts have received at least `atLeast` messages from the account, with all of them. */
  inbox(atLeast: number): Promise<readonly ReceivedByContact[]>;
  /** Resolves once contacts have seen at least `atLeast` reactions of the account, with all of them, oldest first. */
  reactions(atLeast: number): Promise<readonly ReactionSeen[]>;
  /** Resolves once at least `atLeast` messages that contacts wrote to the account show as read, with their number. */
  read(atLeast: number): Promise<number>;
  /** Resolves once contacts have seen at least `atLeast` typing states of the account, with all of them, oldest first. */
  typing(atLeast: number): Promise<readonly string[]>;
  dropConnection(): Promise<void>;
  /** The owner removes the linked device on the phone. */
  unlink(): Promise<void>;
  /** Ends everything; called after each test, or after the last that shares an engine, also after a failed one. */
  cleanUp(): Promise<void>;
}

export interface SuiteOptions {
  /** For each test, in milliseconds. */
  readonly timeoutMs?: number;
  /** How long `stop` may take, in milliseconds. */
  readonly stopWithinMs?: number;
}
