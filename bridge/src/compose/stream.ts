/** The stream hub, which also closes the streams of keys that are revoked. */
import type { SubscriptionName } from '../contract/ids.ts';
import type { Recorder } from '../events/recorder.ts';
import { SoleOwner } from '../ownership/sole-owner.ts';
import { StreamHub } from '../stream/hub.ts';
import { DEFAULT_STREAM_SETTINGS } from '../stream/settings.ts';
import type { Auth } from './auth.ts';
import type { Base } from './base.ts';
import type { Store } from './store.ts';

interface Needs extends Store {
  readonly recorder: Recorder;
  readonly keys: Auth['keys'];
}

/** It is stopped by `startHttp`, before the server. */
export async function startStream(base: Base, { database, eventLog, recorder, keys }: Needs): Promise<StreamHub> {
  const { settings, clock, log, metrics, closers } = base;
  const hub = new StreamHub({
    count: (outcome) => metrics.delivery(outcome),
    events: eventLog,
    database,
    recorder,
    clock,
    log,
    ownership: new SoleOwner<SubscriptionName>(),
    settings: {
      ...DEFAULT_STREAM_SETTINGS,
      heartbeatMs: settings.heartbeatMs,
      maxRefusals: settings.deliveryMaxAttempts,
      maxLosses: settings.deliveryMaxLost,
      readAheadMax: settings.readAheadMax,
      expiryDays: settings.eventRetentionDays,
      pauseDays: settings.subscriptionPauseDays,
    },
  });
  await hub.start();
  closers.add(
    'key watch',
    keys.onRevoked((keyId) => hub.closeKey(keyId)),
  );
  return hub;
}
