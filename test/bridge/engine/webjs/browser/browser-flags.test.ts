import { describe, expect, test } from '@jest/globals';
import { parseProxy } from '../../../../../bridge/src/contract/proxy.ts';
import { browserFlags, joinFlags } from '../../../../../bridge/src/engine/webjs/browser/browser-flags.ts';

const valuesOf = (flags: readonly string[], name: string): string[] =>
  flags.filter((flag) => flag.startsWith(`${name}=`)).map((flag) => flag.slice(name.length + 1));

describe('flags that hold a list', () => {
  test('are joined, so that the last one does not undo the others', () => {
    expect(
      joinFlags(['--disable-features=A,B', '--x', '--enable-features=C', '--disable-features= D ,,A', '--y=1=2,3']),
    ).toEqual(['--x', '--y=1=2,3', '--enable-features=C', '--disable-features=A,B,D']);
    expect(joinFlags(['--enable-blink-features=P', '--enable-blink-features=Q,P'])).toEqual([
      '--enable-blink-features=P,Q',
    ]);
  });

  test('of a feature that is said twice the last word counts, by its name', () => {
    expect(joinFlags(['--disable-features=A,B', '--enable-features=A<Trial:key/value'])).toEqual([
      '--enable-features=A<Trial:key/value',
      '--disable-features=B',
    ]);
    expect(joinFlags(['--enable-features=A:key/value', '--disable-features=A'])).toEqual(['--disable-features=A']);
  });

  test('vanish when nothing is left of them', () => {
    expect(joinFlags(['--disable-features=', '--enable-features=A', '--disable-features=A'])).toEqual([
      '--disable-features=A',
    ]);
  });
});

describe('the command line of a session', () => {
  test('the headless shell keeps network and compositor in one process, a whole Chromium does not', () => {
    const shell = browserFlags({ shell: true }, { sandbox: true, proxy: null, more: [] });
    expect(shell).toContain('--in-process-gpu');
    expect(valuesOf(shell, '--enable-features')).toEqual(['NetworkServiceInProcess2']);
    const whole = browserFlags({ shell: false }, { sandbox: true, proxy: null, more: [] });
    expect(whole).not.toContain('--in-process-gpu');
    expect(valuesOf(whole, '--enable-features')).toEqual([]);
    for (const flags of [shell, whole])
      expect(valuesOf(flags, '--disable-features')[0]).toContain('SpareRendererForSitePerProcess');
  });

  test("the operator's features are added to ours, and win over them", () => {
    const more = [
      '--disable-features=Extra,NetworkServiceInProcess2',
      '--lang=de',
      '--enable-features=WebUIOmniboxPopup',
    ];
    const flags = browserFlags({ shell: true }, { sandbox: true, proxy: null, more });
    expect(valuesOf(flags, '--enable-features')).toEqual(['WebUIOmniboxPopup']);
    const [disabled = ''] = valuesOf(flags, '--disable-features');
    expect(disabled.split(',')).toEqual(expect.arrayContaining(['SpareRendererForSitePerProcess', 'Extra']));
    expect(disabled.split(',')).not.toContain('WebUIOmniboxPopup');
    expect(flags).toContain('--lang=de');
  });

  test('the sandbox stays on where it works', () => {
    expect(browserFlags({ shell: true }, { sandbox: true, proxy: null, more: [] })).not.toContain('--no-sandbox');
    expect(browserFlags({ shell: true }, { sandbox: false, proxy: null, more: [] })).toContain('--no-sandbox');
  });

  test("the session's own proxy is the last word, and its login is not on the command line", () => {
    const proxy = parseProxy('http://ada:s3cret@proxy.example:3128');
    const flags = browserFlags({ shell: true }, { sandbox: true, proxy, more: ['--proxy-server=http://other:1'] });
    expect(valuesOf(flags, '--proxy-server').at(-1)).toBe('http://proxy.example:3128');
    expect(flags.join(' ')).not.toMatch(/ada|s3cret/);
  });
});
