/** Memory of a process and everything that it started, as the kernel shares it out (PSS), so that nothing counts twice. */
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { processTree } from '../../browser/processes.ts';
import { median } from '../benchmark.ts';

export interface Memory {
  /** The Node process. */
  readonly node: number;
  readonly browsers: number;
}

const MB = 1024 * 1024;
const SAMPLES = 5;
const PAUSE_MS = 1_000;

/** In MB (2^20 bytes); 0 for a process that has just ended. */
async function pssOf(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return (Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) * 1024) / MB;
}

/**
 * The median of some looks.
 *
 * @param folder what detached itself from the tree (a crash reporter) is found by the folder that it names
 */
export async function memoryOf(node: number, folder: string): Promise<Memory> {
  const looks: Memory[] = [];
  for (let look = 0; look < SAMPLES; look += 1) {
    if (look > 0) await wait(PAUSE_MS);
    const others = (await processTree(node, folder)).filter((pid) => pid !== node);
    const sizes = await Promise.all(others.map(pssOf));
    looks.push({ node: await pssOf(node), browsers: sizes.reduce((sum, size) => sum + size, 0) });
  }
  return {
    node: median(looks.map((look) => look.node)),
    browsers: median(looks.map((look) => look.browsers)),
  };
}
