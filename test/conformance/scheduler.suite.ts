/** What every scheduler must do. The rows hold the truth: a scheduler only wakes, in time and at least once. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { SessionName } from '../../bridge/src/contract/ids.ts';
import type { Scheduler } from '../../bridge/src/outbox/scheduler.ts';

/** How late a wake-up may be before it counts as missing, in milliseconds. */
const TIMEOUT_MS = 5_000;

/** @param create makes a scheduler that is not started, on real time */
export function schedulerSuite(name: string, create: () => Promise<Scheduler<SessionName>>): void {
  describe(`the scheduler ${name}`, () => {
    const a = 'a' as SessionName;
    const b = 'b' as SessionName;
    const open: Scheduler<SessionName>[] = [];
    const start = async () => {
      const scheduler = await create();
      open.push(scheduler);
      const wakes: { session: SessionName; at: number }[] = [];
      let notify = (): void => undefined;
      const failOn = new Set<SessionName>();
      await scheduler.start((session) => {
        wakes.push({ session, at: Date.now() });
        notify();
        if (failOn.delete(session)) throw new Error('the lane failed');
      });
      const until = async (count: number): Promise<void> => {
        const deadline = Date.now() + TIMEOUT_MS;
        while (wakes.length < count) {
          const left = deadline - Date.now();
          if (left <= 0) throw new Error(`${wakes.length} of ${count} wake-ups came`);
          let timer: NodeJS.Timeout | undefined;
          await new Promise<void>((resolve) => {
            notify = resolve;
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
      await scheduler.wakeAt(a, at);
      await until(1);
      expect(wakes[0]!.session).toBe(a);
      expect(wakes[0]!.at).toBeGreaterThanOrEqual(at);
    });

    test('a time that has passed is now, but not within the call', async () => {
      const { scheduler, wakes, until } = await start();
      const taken = scheduler.wakeAt(a, 0);
      expect(wakes).toEqual([]);
      await taken;
      await until(1);
    });

    test('an earlier appointment replaces a later one; a later one does not postpone', async () => {
      const { scheduler, wakes, until } = await start();
      const soon = Date.now() + 60;
      await scheduler.wakeAt(a, Date.now() + 3_600_000);
      await scheduler.wakeAt(a, soon);
      await scheduler.wakeAt(a, Date.now() + 3_600_000);
      await until(1);
      expect(wakes[0]!.at).toBeGreaterThanOrEqual(soon);
    });

    test('what an earlier appointment replaced does not come as well', async () => {
      const { scheduler, wakes, until } = await start();
      await scheduler.wakeAt(a, Date.now() + 300);
      await scheduler.wakeAt(a, Date.now() + 20);
      await until(1);
      // Well after the time of the one that was replaced.
      await scheduler.wakeAt(b, Date.now() + 600);
      await until(2);
      expect(wakes.map(({ session }) => session)).toEqual([a, b]);
    });

    test('once it has been woken, a key can be woken at a later time again', async () => {
      const { scheduler, wakes, until } = await start();
      await scheduler.wakeAt(a, Date.now() + 20);
      await until(1);
      const again = Date.now() + 40;
      await scheduler.wakeAt(a, again);
      await until(2);
      expect(wakes[1]!.at).toBeGreaterThanOrEqual(again);
    });

    test('calls that nobody waited for count too, and the earliest of them wins', async () => {
      const { scheduler, wakes, until } = await start();
      const soon = Date.now() + 60;
      const far = Date.now() + 3_600_000;
      const taken = Promise.all([far, soon, far].map((at) => scheduler.wakeAt(a, at)));
      await until(1);
      expect(wakes[0]!.at).toBeGreaterThanOrEqual(soon);
      await taken;
    });

    test('many keys are each woken once, none before its time', async () => {
      const { scheduler, wakes, until } = await start();
      const now = Date.now();
      const appointments = new Map(
        Array.from({ length: 1_000 }, (_, index) => [`session-${index}` as SessionName, now + (index % 100)]),
      );
      await Promise.all([...appointments].map(([session, at]) => scheduler.wakeAt(session, at)));
      await until(appointments.size);
      expect(wakes.map(({ session }) => session).sort()).toEqual([...appointments.keys()].sort());
      for (const { session, at } of wakes) expect(at).toBeGreaterThanOrEqual(appointments.get(session)!);
    });

    test('sessions do not disturb each other, also where one fails', async () => {
      const { scheduler, wakes, until, failOn } = await start();
      failOn.add(a);
      await scheduler.wakeAt(a, Date.now() + 20);
      await scheduler.wakeAt(b, Date.now() + 40);
      await until(2);
      expect([times(wakes, a), times(wakes, b)]).toEqual([1, 1]);
      await scheduler.wakeAt(a, Date.now() + 20);
      await until(3);
      expect(times(wakes, a)).toBe(2);
    });

    test('asked again while it wakes, it wakes again', async () => {
      const scheduler = await create();
      open.push(scheduler);
      let count = 0;
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${count} of 3 wake-ups came`)), TIMEOUT_MS);
        const ask = (): void => void scheduler.wakeAt(a, Date.now()).catch(reject);
        const wake = (): void => {
          if (++count < 3) return ask();
          clearTimeout(timer);
          resolve();
        };
        scheduler.start(wake).then(ask, reject);
      });
    });

    test('a time far away is taken without waiting for it, and does not come at once', async () => {
      const { scheduler, wakes, until } = await start();
      await scheduler.wakeAt(a, Date.now() + 90 * 86_400_000);
      await scheduler.wakeAt(b, Date.now() + 60);
      await until(1);
      expect(wakes.map(({ session }) => session)).toEqual([b]);
    });

    test('after the stop nothing wakes, and what is asked for then is neither taken nor refused', async () => {
      const { scheduler, wakes } = await start();
      const { scheduler: other, until } = await start();
      await scheduler.wakeAt(a, Date.now() + 20);
      const unheard = scheduler.wakeAt(b, Date.now() + 20);
      await scheduler.stop();
      await scheduler.stop();
      await unheard;
      await scheduler.wakeAt(a, Date.now());
      await other.wakeAt(a, Date.now() + 80);
      await until(1);
      expect(wakes).toEqual([]);
    });

    test('before the start nothing wakes, and what is asked for then is neither taken nor refused', async () => {
      const scheduler = await create();
      open.push(scheduler);
      await scheduler.wakeAt(a, Date.now());
      const woken: SessionName[] = [];
      await scheduler.start((session) => woken.push(session));
      const { scheduler: other, until } = await start();
      await other.wakeAt(b, Date.now() + 40);
      await until(1);
      expect(woken).toEqual([]);
    });
  });
}
