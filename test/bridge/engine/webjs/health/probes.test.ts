import { describe, expect, test } from '@jest/globals';
import { TransportError } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import type { PageCalls } from '../../../../../bridge/src/engine/webjs/page/page-calls.ts';
import { type ProbeName, Probes } from '../../../../../bridge/src/engine/webjs/health/probes.ts';

const DEADLINES = { examine: 1_000, listenerProbe: 10, lineAnswer: 1_000 };

function make(answer: (name: string, stanzaId: string) => unknown) {
  const proven = new Set<ProbeName>();
  const page: PageCalls = {
    call: async <Args extends readonly unknown[], Result>(
      fn: (...args: Args) => Result,
      _ms: number,
      ...args: Args
    ): Promise<Awaited<Result>> => answer(fn.name, String(args[0])) as Awaited<Result>,
  };
  const probes = new Probes(() => page, DEADLINES, proven);
  return { probes, proven };
}
const late = (): never => {
  throw new TransportError('no answer', { late: true });
};
const cutOff = (): never => {
  throw new TransportError('the page reloads');
};

describe('the probe of the listeners', () => {
  test('is ok where its own event comes, and only that', async () => {
    let others = '';
    const { probes, proven } = make((_name, stanzaId) => {
      probes.uploaded('3EB0OF A REAL MEDIUM');
      others = stanzaId;
      setImmediate(() => probes.uploaded(stanzaId));
      return true;
    });
    expect(await probes.listeners()).toBe('ok');
    expect(proven).toEqual(new Set(['listeners']));
    expect(others).toMatch(/^WABRIDGEPROBE/);
  });

  test('fails without its event once it has worked; before that nothing is known', async () => {
    const { probes, proven } = make(() => true);
    expect(await probes.listeners()).toBe('unknown');
    proven.add('listeners');
    expect(await probes.listeners()).toBe('failed');
  });

  test('tells nothing where the page has no such event, is silent or reloads', async () => {
    for (const answer of [() => false, late, cutOff]) {
      const { probes, proven } = make(answer);
      proven.add('listeners');
      expect(await probes.listeners()).toBe('unknown');
    }
  });
});

describe('the probe of the line', () => {
  test('is ok with an answer, and fails without one in time once it has worked', async () => {
    let answers = true;
    const { probes, proven } = make(() => answers || late());
    answers = false;
    expect(await probes.line()).toBe('unknown');
    answers = true;
    expect(await probes.line()).toBe('ok');
    expect(proven).toEqual(new Set(['line']));
    answers = false;
    expect(await probes.line()).toBe('failed');
  });

  test('tells nothing where the page cannot ask or reloads', async () => {
    for (const answer of [() => null, cutOff]) {
      const { probes, proven } = make(answer);
      proven.add('line');
      expect(await probes.line()).toBe('unknown');
    }
  });
});
