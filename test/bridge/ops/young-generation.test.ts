import { describe, expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { thriftyCommandLine, type ThisProcess } from '../../../bridge/src/ops/young-generation.ts';

const MAIN = fileURLToPath(new URL('../../../bridge/src/main.ts', import.meta.url));
const bridge: ThisProcess = {
  argv: ['node', MAIN, '--port', '1'],
  connected: false,
  env: {},
  execArgv: ['--no-warnings'],
  execPath: '/usr/bin/node',
  execve: (): never => {
    throw new Error('nothing is begun anew here');
  },
  platform: 'linux',
};
const of = (changes: Partial<ThisProcess>): string[] | null => thriftyCommandLine({ ...bridge, ...changes }, MAIN);

describe('the command line with a small young generation', () => {
  test('keeps what the process was started with', () => {
    expect(of({})).toEqual(['/usr/bin/node', '--max-semi-space-size=4', '--no-warnings', MAIN, '--port', '1']);
  });

  test.each<[string, Partial<ThisProcess>]>([
    ['this process has it already', { execArgv: ['--max-semi-space-size=4'] }],
    ['the operator has chosen a size', { env: { NODE_OPTIONS: '--enable-source-maps --max_semi_space_size=32' } }],
    ['this Node cannot begin a process anew', { execve: undefined }],
    ['Windows cannot either', { platform: 'win32' }],
    ['a parent that forked this process would lose its channel', { connected: true }],
    ['the program is not ours', { argv: ['node', fileURLToPath(import.meta.url)] }],
    ['there is no program', { argv: ['node'] }],
  ])('null where %s', (_reason, changes) => {
    expect(of(changes)).toBeNull();
  });
});
