/** What the browsers make of the command line: seen by the processes they start. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { browserTree } from './processes.ts';
import { LONG, SessionAtTest } from './session-at-test.ts';

/** An operator's own lists must not undo ours. */
const OPERATORS = ['--enable-features=ReduceUserAgentMinorVersion', '--disable-features=InterestFeedV2', '--lang=de'];

let session: SessionAtTest;
afterEach(() => session.close(), LONG);

async function commandsOf(browser: 'chromium' | 'headless shell'): Promise<readonly string[]> {
  session = await SessionAtTest.open('_serialized', browser);
  await session.linked({}, { browserArgs: OPERATORS });
  return (await browserTree(session.profileFolder)).commands;
}
const oneOfEach = (command: string, name: string): string[] => {
  const [value = '', ...more] = command.split(' ').filter((word) => word.startsWith(`${name}=`));
  expect(more).toEqual([]);
  return value.slice(name.length + 1).split(',');
};
const mainOf = (commands: readonly string[]): string =>
  commands.find((command) => command.includes('--remote-debugging-pipe') && !command.includes('--type=')) ?? '';

describe('the flags take effect, together with those of an operator', () => {
  test(
    'the headless shell has neither a network process nor a compositor process',
    async () => {
      const commands = await commandsOf('headless shell');
      expect(commands.filter((command) => command.includes('--type=renderer'))).toHaveLength(1);
      for (const gone of ['--type=gpu-process', 'network.mojom.NetworkService'])
        expect(commands.filter((command) => command.includes(gone))).toEqual([]);
      const main = mainOf(commands);
      expect(oneOfEach(main, '--enable-features')).toEqual(
        expect.arrayContaining(['NetworkServiceInProcess2', 'ReduceUserAgentMinorVersion']),
      );
      expect(oneOfEach(main, '--disable-features')).toEqual(
        expect.arrayContaining(['SpareRendererForSitePerProcess', 'InterestFeedV2']),
      );
      expect(oneOfEach(main, '--lang')).toEqual(['de']);
    },
    LONG,
  );

  test(
    'a whole Chromium keeps no renderer besides the page',
    async () => {
      const commands = await commandsOf('chromium');
      expect(commands.filter((command) => command.includes('--type=renderer'))).toHaveLength(1);
      expect(oneOfEach(mainOf(commands), '--disable-features')).toEqual(
        expect.arrayContaining(['SpareRendererForSitePerProcess', 'WebUIOmniboxPopup', 'InterestFeedV2']),
      );
    },
    LONG,
  );
});
