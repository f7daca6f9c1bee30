import { describe, expect, test } from '@jest/globals';
import { browserFlags, joinFlags } from '../../../../bridge/src/engine/webjs/browser-flags.ts';

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
    const shell = browserFlags({ shell: true }, true, []);
    expect(shell).toContain('--in-process-gpu');
    expect(valuesOf(shell, '--enable-features')).toEqual(['NetworkServiceInProcess2']);
    const whole = browserFlags({ shell: false }, true, []);
    expect(whole).not.toContain('--in-process-gpu');
    expect(valuesOf(whole, '--enable-features')).toEqual([]);
    for (const flags of [shell, whole])
      expect(valuesOf(flags, '--disable-features')[0]).toContain('SpareRendererForSitePerProcess');
  });

  test("the operator's features are added to ours, and win over them", () => {
    const flags = browserFlags({ shell: true }, true, [
      '--disable-features=Extra,NetworkServiceInProcess2',
      '--lang=de',
      '--enable-features=WebUIOmniboxPopup',
    ]);
    expect(valuesOf(flags, '--enable-features')).toEqual(['WebUIOmniboxPopup']);
    const [disabled = ''] = valuesOf(flags, '--disable-features');
    expect(disabled.split(',')).toEqual(expect.arrayContaining(['SpareRendererForSitePerProcess', 'Extra']));
    expect(disabled.split(',')).not.toContain('WebUIOmniboxPopup');
    expect(flags).toContain('--lang=de');
  });

  test('the sandbox stays on where it works', () => {
    expect(browserFlags({ shell: true }, true, [])).not.toContain('--no-sandbox');
    expect(browserFlags({ shell: true }, false, [])).toContain('--no-sandbox');
  });
});
