/** The event log, counting for the metrics what it stores. */
import { definitionOf, type NewEvent } from '../contract/events.ts';
import type { EventLog } from './event-log.ts';

interface EventCounters {
  eventAppended(type: string): void;
  outboxReached(outcome: string): void;
}

/** The log, counting what it stores. */
export function countingLog(eventLog: Pick<EventLog, 'append'>, metrics: EventCounters): Pick<EventLog, 'append'> {
  return {
    append: async (event, effects) => {
      const appended = await eventLog.append(event, effects);
      if (!appended.duplicate) {
        metrics.eventAppended(event.type);
        const outcome = outcomeOf(event);
        if (outcome !== null) metrics.outboxReached(outcome);
      }
      return appended;
    },
  };
}

/** The outcome of an outbox message that an event tells of, or null. */
function outcomeOf({ type, data }: NewEvent): string | null {
  const { countedAs } = definitionOf(type);
  return countedAs !== null && 'outboxId' in data ? countedAs(data) : null;
}
