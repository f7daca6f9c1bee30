import type { Command } from 'commander';
import { leaveFilesToCaller } from '../../ops/file-modes.ts';
import { addCommand } from '../command.ts';
import { members } from '../output.ts';

/** A download that gets nothing for so long is given up, in milliseconds. */
const STALL_MS = 60_000;
const LEAVE_MS = 1_000;

// The engine's files are loaded where they are used: they bring Puppeteer along, which the other commands need not load.
export function browserCommands(program: Command): void {
  const browser = program.command('browser').description('the browser of the webjs engine');

  addCommand(browser, 'show', 'show which browser is used, and why', async (context) => {
    const finder = await import('../../engine/webjs/browser/browser-finder.ts');
    const used = finder.findBrowser(context.settings.browserPath);
    const others = finder.browsersAt(finder.usualPlaces()).filter(({ path }) => path !== used.path);
    const why = finder.reasonFor(used);
    context.output.result({ ...used, why, others: others.map(({ path }) => path) }, () =>
      members([
        ['browser', used.path],
        ['why', why],
        ['others', others.map(({ path }) => path)],
        ['sandbox', finder.sandboxWarning() ?? 'on'],
      ]),
    );
  });

  addCommand(
    browser,
    'install',
    "install the headless shell: as root on Debian from its package, otherwise from Puppeteer's download",
    async (context) => {
      const [{ usualPlaces, reasonFor }, { BUILD_ID, installBrowser, runProgram }] = await Promise.all([
        import('../../engine/webjs/browser/browser-finder.ts'),
        import('../../engine/webjs/browser/browser-installer.ts'),
      ]);
      // A package of the system, or a browser that another user runs too: none of this is wabridge's data.
      leaveFilesToCaller();
      try {
        const installed = await installBrowser({
          places: usualPlaces(),
          uid: process.getuid?.(),
          aptGet: '/usr/bin/apt-get',
          run: runProgram,
          buildId: BUILD_ID,
          downloadBaseUrl: process.env['PUPPETEER_CHROME_HEADLESS_SHELL_DOWNLOAD_BASE_URL'],
          stallMs: STALL_MS,
          say: (line) => context.output.note(line),
        });
        const { path } = installed.browser;
        context.output.result({ ...installed.browser, how: installed.how }, () =>
          installed.how === 'present'
            ? `Nothing to do: ${path} is installed (${reasonFor(installed.browser)}).`
            : `Installed ${path} (${reasonFor(installed.browser)}). Running sessions use it from their next start.`,
        );
      } catch (error) {
        // A download that was given up still holds its connection, which would keep this process alive.
        setTimeout(() => process.exit(1), LEAVE_MS).unref();
        throw error;
      }
    },
  );
}
