/** How long things take in the nodes while the clock of the machine is set by two hours. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { NodeApiError, type IExecuteFunctions, type INode } from 'n8n-workflow';
import { Outage } from '../../nodes/WaBridgeTrigger/outage';
import { markUnavailable, retryWhileUnavailable } from '../../nodes/shared/transport/retry';

const TWO_HOURS = 7_200_000;
const real = { now: Date.now.bind(Date), awake: performance.now.bind(performance) };
/** From now on, the clock shows so much more, and so much time has passed. */
function step(aheadMs: number, passedMs = 0): void {
  jest.spyOn(Date, 'now').mockImplementation(() => real.now() + passedMs + aheadMs);
  jest.spyOn(performance, 'now').mockImplementation(() => real.awake() + passedMs);
}
afterEach(() => {
  jest.restoreAllMocks();
});

describe.each([-TWO_HOURS, TWO_HOURS])('set by %i ms', (by) => {
  const context = {
    getMode: () => 'trigger',
    getExecutionCancelSignal: () => undefined,
  } as unknown as IExecuteFunctions;
  const away = (): NodeApiError => markUnavailable(new NodeApiError({} as INode, { message: 'nothing listens' }));

  /** Fails twice; what happens at the first failure is given. */
  function request(atFirst: () => void): () => Promise<string> {
    let asked = 0;
    return async () => {
      asked += 1;
      if (asked === 1) atFirst();
      return asked < 3 ? await Promise.reject(away()) : 'answer';
    };
  }

  test('a bridge that is away is waited for', async () => {
    expect(
      await retryWhileUnavailable(
        context,
        request(() => step(by)),
      ),
    ).toBe('answer');
  });

  test('and no longer than half a minute', async () => {
    await expect(
      retryWhileUnavailable(
        context,
        request(() => step(by, 31_000)),
      ),
    ).rejects.toThrow('nothing listens');
  });

  test('the length of an outage is told as it was', async () => {
    const told: string[] = [];
    const say = (text: string): void => void told.push(text);
    const outage = new Outage({ afterMs: 50, notices: { info: say, show: say } });
    outage.down('nothing listens.');
    step(by, 180_000);
    while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    outage.up(0);
    expect(told).toEqual([expect.stringContaining('for 3 minutes'), expect.stringContaining('after 3 minutes')]);
  });
});
