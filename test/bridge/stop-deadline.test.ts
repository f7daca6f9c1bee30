/** What outlives the stop of the bridge must not keep its process alive: nobody would notice, and nobody would end it. */
import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';

const MODULE = new URL('../../bridge/src/run-bridge.ts', import.meta.url).href;

/** The exit code of a process whose bridge stops at once and leaves this behind. */
function exitCodeWith(leftBehind: string): Promise<number | null> {
  const script = `
    const { stopWithin } = await import(${JSON.stringify(MODULE)});
    const bridge = { stop: async () => { ${leftBehind} } };
    await stopWithin(bridge, 200, { error() {}, info() {} });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  return new Promise((resolve) => child.once('exit', resolve));
}

test('work that hangs is cut off by the deadline of the stop', async () => {
  await expect(exitCodeWith('setInterval(() => undefined, 1000);')).resolves.toBe(1);
});

test('without any the process ends by itself', async () => {
  await expect(exitCodeWith('')).resolves.toBe(0);
});
