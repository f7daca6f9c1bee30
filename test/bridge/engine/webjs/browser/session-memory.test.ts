import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { memoryOfGroup, sumOfGroup } from '../../../../../bridge/src/engine/webjs/browser/session-memory.ts';

/** A process that starts another, both of which hold memory and say so. */
const HOLDER = `
  const held = Buffer.alloc(Number(process.argv[1]), 1);
  const child = process.argv[2] && require('node:child_process').spawn(process.execPath, ['-e', process.env.HOLDER, process.argv[2]], { stdio: ['pipe', 'inherit', 'inherit'] });
  console.log('held', held.length);
  process.stdin.resume().on('end', () => process.exit());
`;
const MIB = 1024 ** 2;

test('a group is measured with everything that its leader started', async () => {
  const leader = spawn(process.execPath, ['-e', HOLDER, String(64 * MIB), String(96 * MIB)], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], HOLDER },
  });
  try {
    let said = '';
    for await (const chunk of leader.stdout) {
      said += String(chunk);
      if (said.split('held').length > 2) break;
    }
    const bytes = (await memoryOfGroup(leader.pid as number)) as number;
    expect(bytes).toBeGreaterThan(160 * MIB);
    expect(bytes).toBeLessThan(400 * MIB);
  } finally {
    const ended = once(leader, 'exit');
    process.kill(-(leader.pid as number), 'SIGKILL');
    await ended;
  }
  expect(await memoryOfGroup(leader.pid as number)).toBeNull();
}, 30_000);

test('a list of ps is summed by group', () => {
  expect(sumOfGroup('  10   100\n  11   1\n  10    20\n\n', 10)).toBe(120 * 1024);
  expect(sumOfGroup('  11   1\n', 10)).toBeNull();
});
