/** The question for a passphrase on a real terminal, which `script` (util-linux) makes. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, jest, test } from '@jest/globals';
import { until } from '../../until.ts';

jest.setTimeout(60_000);
const CHILD = fileURLToPath(new URL('./passphrase.child.ts', import.meta.url));
const PASSPHRASE = 'correct horse battery staple';

/** Types each answer once its question stands there. @returns all that the terminal showed */
async function atTerminal(answers: Readonly<Record<string, string>>): Promise<string> {
  const terminal = spawn('script', ['-qec', `'${process.execPath}' --no-warnings '${CHILD}'`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  terminal.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  const ended = once(terminal, 'close');
  ended.catch(() => undefined);
  try {
    for (const [question, answer] of Object.entries(answers)) {
      await Promise.race([until(question, () => shown.includes(question), { timeoutMs: 20_000 }), ended]);
      terminal.stdin.write(answer);
    }
    await ended;
    return shown;
  } finally {
    terminal.kill();
  }
}

test('what is typed is read and never shown', async () => {
  const shown = await atTerminal({ 'Passphrase: ': `${PASSPHRASE}\r`, 'Repeat the passphrase: ': `${PASSPHRASE}\r` });
  expect(shown).toContain(`sha256 ${createHash('sha256').update(PASSPHRASE).digest('hex')}`);
  expect(shown).not.toContain(PASSPHRASE);
  expect(shown).not.toContain(PASSPHRASE.slice(0, 7));
});

test('Ctrl-C and Ctrl-D leave the question, and nothing was typed', async () => {
  for (const key of ['\x03', '\x04']) expect(await atTerminal({ 'Passphrase: ': key })).toContain('refused: ');
});
