/** What a bridge does not need is not loaded: it would cost every bridge memory and time at the start. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const SOURCE = fileURLToPath(new URL('../../../bridge/src/', import.meta.url));
const LOADED = `console.log(JSON.stringify([...Object.keys((await import('node:module')).default._cache), ...process.moduleLoadList]))`;

/** What a process has loaded after it has imported modules of the bridge, as far as its path or name contains a word. */
async function loadedBy(word: string, ...modules: readonly string[]): Promise<readonly string[]> {
  const imports = modules.map((name) => `await import(${JSON.stringify(`${SOURCE}${name}`)});`).join('');
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', `${imports}${LOADED}`]);
  return (JSON.parse(stdout) as string[]).filter((each) => each.includes(word));
}

/** The clients of S3, PostgreSQL and Redis (also if BullMQ brings it), pictures of QR codes, and the HTTP client behind `fetch`. */
const UNWANTED = ['@aws-sdk', '/pg/', '/ioredis/', '/qrcode/', 'deps/undici/undici'];

test.each(UNWANTED)('the bridge starts without %s', async (word) => {
  expect(await loadedBy(word, 'compose.ts', 'run-bridge.ts')).toEqual([]);
});

test('and its command without the AWS SDK', async () => {
  expect(await loadedBy('@aws-sdk', 'cli/cli.ts')).toEqual([]);
});

test.each(['media/s3-media-store.ts', 'profiles/s3-profile-store.ts'])(
  'a store in a bucket brings the SDK along, so these tests can fail: %s',
  async (store) => expect(await loadedBy('@aws-sdk', store)).not.toEqual([]),
);
