/** The stand-in for WhatsApp Web stands alone: it knows nothing of the bridge, and anyone can start it. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const sources = (folder: string): readonly (readonly [path: string, text: string])[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(ts|js)$/.test(path))
    .map((path) => [path, readFileSync(join(ROOT, folder, path), 'utf8')]);

describe('neither knows the other', () => {
  test('the stand-in imports nothing of the bridge', () => {
    const found = sources('test/standin').filter(([, text]) => /from '[^']*\/bridge\//.test(text));
    expect(sources('test/standin').length).toBeGreaterThan(30);
    expect(found.map(([path]) => path)).toEqual([]);
  });

  test('the code of the bridge does not speak of the stand-in', () => {
    const code = (text: string): string => text.replace(/\/\*[^]*?\*\/|\/\/.*/g, '');
    const found = sources('bridge/src').filter(([, text]) => /stand-?in\b/i.test(code(text)));
    expect(sources('bridge/src').length).toBeGreaterThan(100);
    expect(found.map(([path]) => path)).toEqual([]);
  });
});

describe('npm run standin', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };

  test('every npm script is explained in CONTRIBUTING', () => {
    const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
    const explained = Object.keys(scripts).filter((name) => new RegExp(`\\bnpm (run )?${name}\\b`).test(text));
    expect(explained).toEqual(Object.keys(scripts));
  });

  test('obeys what is typed, says what happens, explains mistakes, ends when told to', async () => {
    const [program = '', ...args] = (scripts['standin'] ?? '').split(' ');
    expect(program).toBe('node');
    // The packages are installed, since this runs: the way in must not install them again under the other tests.
    const env = { ...process.env, WABRIDGE_NPM: process.env['WABRIDGE_NPM'] ?? 'npm', NODE_OPTIONS: '' };
    const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const lines: string[] = [];
    try {
      const output = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const until = async (text: string): Promise<void> => {
        while (!lines.some((line) => line.includes(text))) {
          const { value, done } = await output.next();
          if (done) throw new Error(`it ended before it said "${text}":\n${lines.join('\n')}`);
          lines.push(value);
        }
      };
      await until('"help" lists everything');
      const type = (...typed: string[]): boolean => child.stdin.write(`${typed.join('\n')}\n`);
      type(
        'say bob ada "is anybody there?"',
        'react Ada #1 👍',
        'poll 02 "all of us" Tea? | yes | no',
        'vote carol #2 1',
      );
      await until('#1 Bob → Ada: is anybody there?');
      await until('Bob sees: Ada reacted to #1 with 👍');
      await until('Bob sees: Carol voted in #2: yes');
      type('say bob zoe hello', 'hang ada WAWebX.y', 'frobnicate', 'help deafen');
      await until('nobody is called "zoe"');
      await until('no page is connected as Ada');
      await until('there is no command "frobnicate"');
      await until('the page lives and hears nothing');
      type('quit');
      expect(await ended).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
    const text = lines.join('\n');
    expect(text).toContain('--host-resolver-rules=MAP web.whatsapp.com:443 127.0.0.1:');
    expect(text).toContain('WABRIDGE_BROWSER_FLAGS=');
  }, 60_000);
});
