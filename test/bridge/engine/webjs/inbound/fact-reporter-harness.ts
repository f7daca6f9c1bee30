/** A reporter of facts with a listener that a test scripts. */
import type { ChatId } from '../../../../../bridge/src/contract/ids.ts';
import type { EngineFact } from '../../../../../bridge/src/engine/engine.ts';
import { FactReporter, type ListedChat } from '../../../../../bridge/src/engine/webjs/inbound/fact-reporter.ts';
import type { ChatBehind } from '../../../../../bridge/src/engine/webjs/login/profile.ts';
import { systemClock, type Clock } from '../../../../../bridge/src/ops/clock.ts';
import { createLogger } from '../../../../../bridge/src/ops/logger.ts';

export const A = 'a@c.us' as ChatId;
export const B = 'b@c.us' as ChatId;

const immediately: Clock = {
  ...systemClock,
  now: () => 0,
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
};

export const fact = (name: string): EngineFact => ({
  type: 'message.acknowledged',
  at: new Date(0),
  chat: { chatId: 'x' },
  data: { messageId: name, ack: 'read' },
});

export const turns = async (count = 20): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

export const listed = (...ids: readonly ChatId[]): ListedChat[] => ids.map((id) => ({ id, otherId: null }));

export function reporter(reportedUntil = 100, behind: readonly ChatBehind[] = []) {
  const got: string[] = [];
  const state = { refuse: new Set<string>(), seconds: Infinity };
  const listener = {
    signal: () => undefined,
    fact: async (each: EngineFact) => {
      const name = (each.data as { messageId: string }).messageId;
      if (state.refuse.has(name)) throw new Error('disk full');
      got.push(name);
    },
  };
  const log = createLogger('silent', 'json');
  return {
    got,
    state,
    facts: new FactReporter(listener, { reportedUntil, behind }, { clock: immediately, serverClock: state }, log),
  };
}

/** One that owes nothing. */
export function released(reportedUntil = 100) {
  const made = reporter(reportedUntil);
  made.facts.expect([]);
  return made;
}
