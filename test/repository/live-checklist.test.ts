/** The live checklist names every check that the command makes, and what it is for leads to a step that exists. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { LIVE_CHECK_NAMES } from '../../bridge/src/cli/live-checks.ts';

const text = readFileSync(new URL('../../docs/live-checklist.md', import.meta.url), 'utf8');
const section = (heading: string): string =>
  text
    .split(/^(?=## )/m)
    .find((part) => part.startsWith(`## ${heading}\n`))!
    .slice(heading.length);
const rows = (part: string): string[][] =>
  [...part.matchAll(/^\| (.+) \|$/gm)].map(([, row]) => row!.split(' | ').map((cell) => cell.trim())).slice(2);
const steps = [...section('Ten minutes').matchAll(/^### (\d+)\. .* \((\d+) minutes?\)$/gm)].map(
  ([, number, minutes]) => ({
    number: Number(number),
    minutes: Number(minutes),
  }),
);

test('the steps are numbered without a gap and take ten minutes', () => {
  // A heading that does not say how long its step takes is no step, and would go uncounted.
  expect(steps).toHaveLength([...section('Ten minutes').matchAll(/^### /gm)].length);
  expect(steps.every(({ minutes }) => minutes > 0)).toBe(true);
  expect(steps.map(({ number }) => number)).toEqual(steps.map((_, at) => at + 1));
  expect(steps.reduce((sum, { minutes }) => sum + minutes, 0)).toBe(10);
});

test('each check of the command is explained, in its order', () => {
  const explained = rows(section('Ten minutes')).map(([check]) => check?.replaceAll('`', ''));
  expect(explained).toEqual(LIVE_CHECK_NAMES);
});

test('everything that only a live number shows leads to a step', () => {
  const listed = rows(section('What this list is for'));
  expect(listed.length).toBeGreaterThan(10);
  for (const [what, where] of listed) {
    const named = [...where!.matchAll(/\d+/g)].map(Number);
    expect({
      what,
      named: named.length > 0,
      unknown: named.filter((each) => !steps.some(({ number }) => number === each)),
    }).toEqual({ what, named: true, unknown: [] });
  }
});
