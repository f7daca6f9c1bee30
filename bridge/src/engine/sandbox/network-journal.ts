/**
 * The memory of one simulated account: an append-only file of JSON lines, flushed to the disk in groups. It is not the
 * bridge's database, because it stands for what WhatsApp's servers and the phones remember whatever happens to us.
 */
import { mkdir, open, readFile, truncate, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PRIVATE_FILE, PRIVATE_FOLDER } from '../../ops/file-modes.ts';
import { Pump } from '../../ops/pump.ts';

interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class NetworkJournal<Entry> {
  readonly #file: string;
  readonly #upgrade: (line: string) => string;
  #handle: FileHandle | null = null;
  #waiting: Waiting[] = [];
  /** Everything that was said in the same turn joins the first group. */
  readonly #pump = new Pump(() => this.#flush());

  /** @param upgrade brings a line that an earlier version wrote up to date */
  constructor(file: string, upgrade: (line: string) => string = (line) => line) {
    this.#file = file;
    this.#upgrade = upgrade;
  }

  /** Reads what was written, and drops a last line that a kill cut short. */
  async open(): Promise<readonly Entry[]> {
    await mkdir(dirname(this.#file), { recursive: true, mode: PRIVATE_FOLDER });
    const bytes = await readFile(this.#file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    const whole = bytes.lastIndexOf(0x0a) + 1;
    if (whole < bytes.length) await truncate(this.#file, whole);
    this.#handle = await open(this.#file, 'a', PRIVATE_FILE);
    const text = bytes.subarray(0, whole).toString('utf8');
    return text === ''
      ? []
      : text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(this.#upgrade(line)) as Entry);
  }

  /** Resolves once the entry is on the disk. Entries keep the order of their calls. */
  append(entry: Entry): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#handle) return reject(new Error('the journal of the simulated network is closed'));
      this.#waiting.push({ line: `${JSON.stringify(entry)}\n`, resolve, reject });
      this.#pump.wake();
    });
  }

  async close(): Promise<void> {
    await this.#pump.idle();
    await this.#handle?.close();
    this.#handle = null;
  }

  async #flush(): Promise<void> {
    const group = this.#waiting;
    this.#waiting = [];
    try {
      await this.#handle?.appendFile(group.map((each) => each.line).join(''));
      await this.#handle?.datasync();
      for (const each of group) each.resolve();
    } catch (error) {
      for (const each of group) each.reject(error);
    }
  }
}
