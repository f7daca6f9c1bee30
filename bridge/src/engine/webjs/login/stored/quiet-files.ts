/**
 * Whether a browser writes to its profile. A copy of files that nobody changed from its beginning to its end is what the disk
 * held at one moment, as after a kill, and the databases of a browser stand a kill.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { browserFilesToKeep } from '../login-files.ts';

export interface FilesSeen {
  /** Changes with each file that appears, goes, or is written to. */
  readonly text: string;
  /** When a file was changed last, in milliseconds since the epoch. */
  readonly changedAt: number;
}

/**
 * Looks at the files that are archived. The kernel notes changes to a file with a clock that may stand still for some
 * milliseconds: that nothing changed since is certain only if the last change is longer ago than that.
 */
export async function lookAtFiles(folder: string): Promise<FilesSeen> {
  const lines: string[] = [];
  let changedAt = 0;
  for await (const { path } of browserFilesToKeep(folder)) {
    const found = await stat(join(folder, path), { bigint: true }).catch(() => null);
    lines.push(`${path} ${found?.ino} ${found?.size} ${found?.mtimeNs} ${found?.ctimeNs}`);
    changedAt = Math.max(changedAt, Number(found?.mtimeMs ?? 0n), Number(found?.ctimeMs ?? 0n));
  }
  return { text: lines.join('\n'), changedAt };
}
