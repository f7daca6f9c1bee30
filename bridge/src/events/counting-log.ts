/** The event log, counting for the metrics what it stores. */
import type { NewEvent } from '../contract/events.ts';
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

/** What an event tells of an outbox message, or null. */
function outcomeOf(event: NewEvent): string | null {
  if (event.type === 'outbox.failed') return 'failed';
  if (event.type === 'outbox.in_doubt') return 'in_doubt';
  const data = event.data as { outboxId?: string; ack?: string };
  if (data.outboxId === undefined) return null;
  return event.type === 'message.sent' ? 'accepted' : event.type === 'message.acknowledged' ? (data.ack ?? null) : null;
}
