/** Without a bucket, nothing of the AWS SDK is loaded: it would cost every bridge memory and time at the start. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const SOURCE = fileURLToPath(new URL('../../../bridge/src/', import.meta.url));
const COUNT = `console.log(Object.keys((await import('node:module')).default._cache).filter((path) => path.includes('@aws-sdk')).length)`;

/** How many files of the SDK a process has loaded after it has imported modules of the bridge. */
async function sdkFilesAfter(...modules: readonly string[]): Promise<number> {
  const imports = modules.map((name) => `await import(${JSON.stringify(`${SOURCE}${name}`)});`).join('');
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', `${imports}${COUNT}`]);
  return Number(stdout);
}

test('the bridge and its command do without it', async () => {
  expect(await sdkFilesAfter('compose.ts', 'run-bridge.ts', 'cli/cli.ts')).toBe(0);
});

test('the store in a bucket brings it along, so this test can fail', async () => {
  expect(await sdkFilesAfter('media/s3/s3-media-store.ts')).toBeGreaterThan(0);
});
