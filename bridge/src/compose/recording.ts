/** The recorder, and what rides along with its events. */
import { countingLog } from '../events/counting-log.ts';
import { Recorder } from '../events/recorder.ts';
import { OutboxChanges } from '../outbox/outbox-changes.ts';
import { OutboxEffects } from '../outbox/outbox-effects.ts';
import { OutboxReads } from '../store/outbox-reads.repository.ts';
import type { Base } from './base.ts';
import type { Media } from './media.ts';
import type { Store } from './store.ts';

export interface Recording {
  readonly recorder: Recorder;
  /** The outbox as the recorder knows it: acknowledgements change its rows together with their events. */
  readonly reads: OutboxReads;
  readonly changes: OutboxChanges;
}

export function composeRecording({ clock, metrics }: Base, { database, eventLog }: Store, media: Media): Recording {
  const reads = new OutboxReads(database.reader);
  const changes = new OutboxChanges();
  const recorder = new Recorder({
    log: countingLog(eventLog, metrics),
    sources: [new OutboxEffects(reads, changes, clock)],
    media: media.library,
    onMediaExpected: () => media.wakeFetcher(),
  });
  return { recorder, reads, changes };
}
