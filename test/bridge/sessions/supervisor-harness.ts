/** A supervisor with an engine that a test scripts. */
import type { ChatId, SessionName } from '../../../bridge/src/contract/ids.ts';
import type { EngineFact } from '../../../bridge/src/engine/engine.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import type { SupervisedSession } from '../../../bridge/src/sessions/supervised-session.ts';
import { Supervisor } from '../../../bridge/src/sessions/supervisor.ts';
import type { Call } from '../../../bridge/src/store/operation.ts';
import { FakeFactory, FakeRecorder, ManualClock, READY, settle, silent } from './fake-engine.ts';
import type { Database } from '../../../bridge/src/store/database.ts';

export const OPTIONS = {
  backoff: { firstMs: 1000, longestMs: 8000 },
  startDeadlineMs: 60_000,
  stopDeadlineMs: 10_000,
  stableAfterMs: 60_000,
};

export function make(rest: SupervisedSession['restingState'] = { state: 'stopped', reason: 'it was stopped' }) {
  const factory = new FakeFactory();
  const recorder = new FakeRecorder();
  const clock = new ManualClock();
  const written: Call<unknown>[] = [];
  let readies = 0;
  let unlinks = 0;
  const supervisor = new Supervisor(
    {
      name: 'support' as SessionName,
      factory,
      options: () => ({}),
      profileDir: '/profiles/support',
      restingState: rest,
      self: null,
      account: { account: null, login: 0 },
    },
    {
      recorder,
      clock,
      log: silent,
      // A wait is the whole of its range, so that tests can name it.
      random: () => 1,
      options: OPTIONS,
      database: { write: (async (call: Call<unknown>) => void written.push(call)) as unknown as Database['write'] },
    },
    () => undefined,
    () => void readies++,
    () => void unlinks++,
  );
  return { factory, recorder, clock, supervisor, written, readies: () => readies, unlinks: () => unlinks };
}

type Made = ReturnType<typeof make>;

export async function ready(made: Made): Promise<Made> {
  await made.supervisor.start('test');
  await settle();
  made.factory.last.listener.signal({ kind: 'authenticated' });
  made.factory.last.listener.signal(READY);
  return made;
}

export const ack: EngineFact = {
  type: 'message.acknowledged',
  at: new Date(0),
  chat: addressOf('4915112345678@c.us' as ChatId),
  data: { messageId: 'true_4915112345678@c.us_3EB0AA', ack: 'server' },
};
