/**
 * A session's folder: the browser's profile with the login, our lock, and how far the session has reported.
 * The lock is an exclusive transaction of SQLite: the system drops it with the process, so it cannot go stale, and it
 * proves that the locks Chromium left behind have no live owner.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ChatId, MessageId } from '../../../contract/ids.ts';
import { removeBrowserLock } from '../browser/browser-lock.ts';
import { LOGIN, PROGRESS, settleRestore } from './unfinished-restore.ts';

/** Seconds since the epoch, as WhatsApp stamps messages. */
export interface Progress {
  /** When the account was linked: what is older never belonged to this session. */
  readonly linkedAt: number;
  /** Everything up to here is on record, but for what the chats `behind` owe. */
  readonly reportedUntil: number;
  /** Chats that could not be read, each with a mark of its own. */
  readonly behind: readonly ChatBehind[];
  /** Messages before that which could not be read yet. */
  readonly undecrypted: readonly UndecryptedMessage[];
  /** Messages of this account for which further receipts are to be expected. */
  readonly unread: readonly UnreadMessage[];
}

export interface ChatBehind {
  readonly chat: ChatId;
  /** Everything of the chat up to here is on record. */
  readonly since: number;
}

export interface UndecryptedMessage {
  readonly messageId: MessageId;
  /** When it was sent. */
  readonly t: number;
}

export interface UnreadMessage {
  readonly messageId: MessageId;
  /** When it was sent. */
  readonly t: number;
  /** How far it had come, as a number of WhatsApp's: the highest level that is on record. */
  readonly level: number;
}

const LOCK = 'lock.sqlite';
/** What is there while somebody works with the profile: the file that is locked, and SQLite's own beside it. */
export const LOCK_FILES = [LOCK, `${LOCK}-journal`] as const;

export class ProfileInUse extends Error {
  constructor(options?: ErrorOptions) {
    super('the login state of this session is in use by another bridge process', options);
    this.name = 'ProfileInUse';
  }
}

export class Profile {
  readonly folder: string;
  #lock: DatabaseSync | null = null;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Where whatsapp-web.js's LocalAuth keeps the browser's profile. */
  get browserFolder(): string {
    return join(this.folder, LOGIN);
  }

  /**
   * Takes the profile for this process alone, and puts in order what was cut off in it.
   *
   * @throws ProfileInUse when another engine, in this process or another, holds it
   */
  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const lock = new DatabaseSync(join(this.folder, LOCK));
    try {
      lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    } catch (error) {
      lock.close();
      throw new ProfileInUse({ cause: error });
    }
    this.#lock = lock;
    try {
      await settleRestore(this.folder);
      await this.unlockBrowser();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Removes what a browser that was killed has left of its lock; only while it does not run and our lock is held. */
  async unlockBrowser(): Promise<void> {
    await removeBrowserLock(this.browserFolder);
  }

  close(): void {
    this.#lock?.close();
    this.#lock = null;
  }

  /** Removes the login state; only with the browser stopped. */
  async wipe(): Promise<void> {
    await rm(this.browserFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    await rm(this.#progressFile, { force: true });
  }

  /** Null for a profile that was never linked, or whose record is unreadable. */
  async readProgress(): Promise<Progress | null> {
    try {
      // An earlier version wrote `wireId`; the record holds ids and numbers only, so that nothing else can be meant.
      const text = (await readFile(this.#progressFile, 'utf8')).replaceAll('"wireId":', '"messageId":');
      const read = JSON.parse(text) as Partial<Progress>;
      return typeof read.linkedAt === 'number' && typeof read.reportedUntil === 'number'
        ? {
            linkedAt: read.linkedAt,
            reportedUntil: read.reportedUntil,
            behind: read.behind ?? [],
            undecrypted: read.undecrypted ?? [],
            unread: read.unread ?? [],
          }
        : null;
    } catch {
      return null;
    }
  }

  async writeProgress(progress: Progress): Promise<void> {
    const draft = `${this.#progressFile}.new`;
    await writeFile(draft, JSON.stringify(progress), { mode: 0o600 });
    await rename(draft, this.#progressFile);
  }

  get #progressFile(): string {
    return join(this.folder, PROGRESS);
  }
}
