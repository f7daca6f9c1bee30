/** Rejections that nobody handles, each in a process of its own, since they would end it. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';

const MODULE = new URL('../../../../../bridge/src/engine/webjs/browser/rejections.ts', import.meta.url).href;

/** Runs a script that has `attribute(reasons, start)`; it lives for a moment, then says that it does, and what it got. */
function run(script: string): { status: number | null; output: string } {
  const source = `
    import { attributeRejections } from ${JSON.stringify(MODULE)};
    const got = [];
    const stray = (reason) => void Promise.reject(reason);
    ${script}
    setTimeout(() => console.log('alive', JSON.stringify(got)), 200);
  `;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
    env: { ...process.env, NODE_OPTIONS: '' },
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

describe('stray rejections', () => {
  test('go to the session in whose work they arose, also long after its start', () => {
    const { status, output } = run(`
      attributeRejections((reason) => got.push('one: ' + reason), () => setTimeout(() => stray('early'), 50));
      attributeRejections((reason) => got.push('two: ' + reason), () => setTimeout(() => stray('late'), 100));
    `);
    expect(output).toContain('alive ["one: early","two: late"]');
    expect(status).toBe(0);
  });

  test('of the library without a session are dropped', () => {
    const { status, output } = run(`
      attributeRejections((reason) => got.push(reason), () => undefined);
      const error = new Error('Target closed');
      error.stack = 'Error: Target closed\\n  at x (/app/node_modules/puppeteer-core/lib/cjs/x.js:1:1)';
      setTimeout(() => stray(error), 50);
    `);
    expect(output).toContain('alive []');
    expect(status).toBe(0);
  });

  test('of anybody else end the process, as they would without us', () => {
    const { status, output } = run(`
      attributeRejections((reason) => got.push(reason), () => undefined);
      setTimeout(() => stray(new Error('a mistake of ours')), 50);
    `);
    expect(output).toContain('a mistake of ours');
    expect(output).not.toContain('alive');
    expect(status).not.toBe(0);
  });
});
