/**
 * Secrets that the bridge must be able to read back (the login of a proxy): AES-256-GCM under a master key that is never
 * in the database, so that a copy of the database gives nothing away.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { WabError } from '../contract/errors.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 'v1.';
const FILE = 'master.key';

export interface MasterKeySettings {
  readonly dataDir: string;
  readonly masterKey?: string | undefined;
  readonly masterKeyFile?: string | undefined;
}

export class SecretBox {
  readonly #settings: MasterKeySettings;
  #key: Buffer | null = null;

  /** The key is looked for, or made, only once there is a secret. */
  constructor(settings: MasterKeySettings) {
    this.#settings = settings;
  }

  /**
   * @param purpose what the secret is for; it opens for the same purpose alone, so that rows cannot be exchanged
   * @throws WabError WAB_CONFIG_INVALID if the master key cannot be read
   */
  seal(text: string, purpose: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#masterKey(true), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(purpose));
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${VERSION}${sealed.toString('base64url')}`;
  }

  /** @throws WabError WAB_CONFIG_INVALID if it was sealed with another key or for another purpose */
  open(sealed: string, purpose: string): string {
    const key = this.#masterKey(false);
    try {
      const bytes = Buffer.from(sealed.slice(VERSION.length), 'base64url');
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(purpose));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch (error) {
      throw new WabError(
        'WAB_CONFIG_INVALID',
        {
          reason: `the secret "${purpose}" was stored with another master key. Restore that key, or set the secret again`,
        },
        { cause: error },
      );
    }
  }

  /**
   * A key of its own for a purpose. It follows from the master key, so it is the same on every machine that has that.
   *
   * @param make whether a master key is made if there is none yet: to open what was encrypted with one, a new one is of no use
   * @returns 32 bytes in base64url
   * @throws WabError WAB_CONFIG_INVALID if the master key cannot be read
   */
  derive(purpose: string, make: boolean): string {
    return Buffer.from(hkdfSync('sha256', this.#masterKey(make), '', purpose, KEY_BYTES)).toString('base64url');
  }

  #masterKey(make: boolean): Buffer {
    this.#key ??= loadMasterKey(this.#settings, make);
    return this.#key;
  }
}

function loadMasterKey({ dataDir, masterKey, masterKeyFile }: MasterKeySettings, make: boolean): Buffer {
  if (masterKey !== undefined) return parseKey(masterKey, 'the setting masterKey (WABRIDGE_MASTER_KEY)');
  const file = masterKeyFile ?? join(dataDir, FILE);
  const text = readPrivateFile(file, 'the master key', 'make a new one and set the stored secrets again');
  if (text !== null) return parseKey(text, `the master key ${file}`);
  if (!make || masterKeyFile !== undefined)
    throw new WabError('WAB_CONFIG_INVALID', {
      reason: `the master key ${file} is missing, so stored secrets cannot be read. Restore the file, or make a new key with: openssl rand -base64 32`,
    });
  const made = randomBytes(KEY_BYTES);
  writePrivateFile(file, `${made.toString('base64')}\n`, randomBytes(6).toString('hex'));
  return made;
}

function parseKey(text: string, what: string): Buffer {
  const trimmed = text.trim();
  const key = Buffer.from(trimmed, 'base64');
  if (key.length === KEY_BYTES && /^[\w+/-]+=*$/.test(trimmed)) return key;
  throw new WabError('WAB_CONFIG_INVALID', {
    reason: `${what} is not 32 bytes in base64. Make one with: openssl rand -base64 32`,
  });
}
