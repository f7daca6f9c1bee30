/** The login state of a sandbox session: the credential that the simulated phone gave when its code was scanned. */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PRIVATE_FILE, PRIVATE_FOLDER } from '../../ops/file-modes.ts';

export class LoginState {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: PRIVATE_FOLDER });
  }

  /** Null if no code was scanned yet. */
  async read(): Promise<string | null> {
    try {
      return (JSON.parse(await readFile(this.#file, 'utf8')) as { credential: string }).credential;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** Whole or not at all: a kill in between leaves the device unlinked, never with half a credential. */
  async write(credential: string): Promise<void> {
    const fresh = `${this.#file}.new`;
    const handle = await open(fresh, 'w', PRIVATE_FILE);
    try {
      await handle.writeFile(JSON.stringify({ credential, simulated: true }));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, this.#file);
  }

  async remove(): Promise<void> {
    await rm(this.#file, { force: true });
  }

  get #file(): string {
    return join(this.#folder, 'sandbox-credential.json');
  }
}
