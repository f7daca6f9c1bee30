/** What every scheduler must do. The rows hold the truth: a scheduler only wakes, in time and at least once. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { SessionName } from '../../bridge/src/contract/ids.ts';
import type { Scheduler } from '../../bridge/src/outbox/scheduler.ts';

/** How late a wake-up may be before it counts as missing, in milliseconds. */
const PATIENCE_MS = 5_000;

/** @param create makes a scheduler that is not started, on real time */
export function schedulerSuite(name: string, create: () => Promise<Scheduler>): void {
  describe(`the scheduler ${name}`, () => {
    const a = 'a' as SessionName;
    const b = 'b' as SessionName;
    const open: Scheduler[] = [];
    const start = async () => {
      const scheduler = await create();
      open.push(scheduler);
      const wakes: { session: SessionName; at: number }[] = [];
      let heard = (): void => undefined;
      const failOn = new Set<SessionName>();
      await scheduler.start((session) => {
        wakes.push({ session, at: Date.now() });
        heard();
        if (failOn.delete(session)) throw new Error('the lane failed');
      });
      const until = async (count: number): Promise<void> => {
        const deadline = Date.now() + PATIENCE_MS;
        while (wakes.length < count) {
          const left = deadline - Date.now();
          if (left <= 0) throw new Error(`${wakes.length} of ${count} wake-ups came`);
          let timer: NodeJS.Timeout | undefined;
          await new Promise<void>((resolve) => {
            heard = resolve;
            timer = setTimeout(resolve, left);
          });
          clearTimeout(timer);
        }
      };
      return { scheduler, wakes, until, failOn };
    };
    const times = (wakes: readonly { session: SessionName }[], session: SessionName) =>
      wakes.filter((wake) => wake.session === session).length;

    afterEach(async () => {
      for (const scheduler of open.splice(0)) await scheduler.stop();
    });

    test('wakes a session, never before its time', async () => {
      const { scheduler, wakes, until } = await start();
      const at = Date.now() + 80;
      scheduler.wakeAt(a, at);
      await until(1);
      expect(wakes[0]!.session).toBe(a);
      expect(wakes[0]!.at).toBeGreaterThanOrEqual(at);
    });

    test('a time that has passed is now, but not within the call', async () => {
      const { scheduler, wakes, until } = await start();
      scheduler.wakeAt(a, 0);
      expect(wakes).toEqual([]);
      await until(1);
    });

    test('an earlier appointment replaces a later one; a later one does not postpone', async () => {
      const { scheduler, wakes, until } = await start();
      const soon = Date.now() + 60;
      scheduler.wakeAt(a, Date.now() + 3_600_000);
      scheduler.wakeAt(a, soon);
      scheduler.wakeAt(a, Date.now() + 3_600_000);
      await until(1);
      expect(wakes[0]!.at).toBeGreaterThanOrEqual(soon);
    });

    test('sessions do not disturb each other, also where one fails', async () => {
      const { scheduler, wakes, until, failOn } = await start();
      failOn.add(a);
      scheduler.wakeAt(a, Date.now() + 20);
      scheduler.wakeAt(b, Date.now() + 40);
      await until(2);
      expect([times(wakes, a), times(wakes, b)]).toEqual([1, 1]);
      scheduler.wakeAt(a, Date.now() + 20);
      await until(3);
      expect(times(wakes, a)).toBe(2);
    });

    test('asked again while it wakes, it wakes again', async () => {
      const scheduler = await create();
      open.push(scheduler);
      let count = 0;
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${count} of 3 wake-ups came`)), PATIENCE_MS);
        void scheduler.start((session) => {
          if (++count < 3) scheduler.wakeAt(session, Date.now());
          else {
            clearTimeout(timer);
            resolve();
          }
        });
        scheduler.wakeAt(a, Date.now());
      });
    });

    test('a time far away does not come at once', async () => {
      const { scheduler, wakes, until } = await start();
      scheduler.wakeAt(a, Date.now() + 90 * 86_400_000);
      scheduler.wakeAt(b, Date.now() + 60);
      await until(1);
      expect(wakes.map(({ session }) => session)).toEqual([b]);
    });

    test('after the stop nothing wakes', async () => {
      const { scheduler, wakes } = await start();
      const { scheduler: other, until } = await start();
      scheduler.wakeAt(a, Date.now() + 20);
      await scheduler.stop();
      scheduler.wakeAt(a, Date.now());
      other.wakeAt(a, Date.now() + 80);
      await until(1);
      expect(wakes).toEqual([]);
    });
  });
}
