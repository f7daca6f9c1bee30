/** Puts the parts of the trigger together: settings, subscription, stream, runs. */
import { randomUUID } from 'node:crypto';
import {
  NodeOperationError,
  type INodeExecutionData,
  type IRun,
  type ITriggerFunctions,
  type ITriggerResponse,
} from 'n8n-workflow';
import type { BridgeEvent } from '../shared/contract.generated';
import { pause } from '../shared/pause';
import { Deliveries } from './delivery';
import { ageSeconds, toItem } from './item';
import { Notices } from './notices';
import { Outage } from './outage';
import { fetchRefusal } from './refusal';
import { BOOT_ID, runsOf } from './runs';
import { checkSettings, type Finding } from './settings-check';
import { readSettings, subscriptionName, type TriggerSettings } from './settings';
import { signUpgrade } from './sign-upgrade';
import { StreamClient, type Refusal, type StreamClientOptions } from './stream-client';

/** How long publishing a workflow waits to hear how the first connection went. */
const FIRST_OUTCOME_MS = 10_000;
/** How long runs may take to end when the trigger is closed. n8n closes triggers one by one within 30 s. */
const DRAIN_MS = 10_000;

/**
 * @throws NodeOperationError where the parameters or the credential cannot work; everything else heals by itself
 */
export async function openTrigger(context: ITriggerFunctions): Promise<ITriggerResponse> {
  if (typeof WebSocket === 'undefined') {
    throw new NodeOperationError(context.getNode(), 'This n8n runs on a version of Node.js without WebSocket', {
      description: 'The WaBridge Trigger needs Node.js 22 or later.',
    });
  }
  const settings = readSettings(context);
  return context.getMode() === 'manual' ? openTestRun(context, settings) : await openPublished(context, settings);
}

function openStream(
  context: ITriggerFunctions,
  settings: TriggerSettings,
  subscription: string,
  notices: Notices,
  onEvent: (frame: BridgeEvent) => void,
  published: Pick<StreamClientOptions, 'maxBacklogAgeMs' | 'outage' | 'onSubscribed'> | null,
): StreamClient {
  return new StreamClient({
    subscription,
    durable: published !== null,
    filter: settings.filter,
    window: settings.maxInFlight,
    sign: async () => await signUpgrade(context),
    fetchRefusal: async () => await fetchRefusal(context),
    onEvent,
    notices,
    ...published,
  });
}

const describe = (context: ITriggerFunctions, subscription: string) => ({
  workflowId: context.getWorkflow().id ?? 'unsaved',
  nodeName: context.getNode().name,
  subscription,
});

/**
 * Checks the settings against the bridge before anything is subscribed.
 *
 * @returns false where the bridge could not be asked
 * @throws NodeOperationError where they cannot work and somebody is there to read it: at the start of n8n nobody is, and
 * a trigger that has given up would not notice that the session was added
 */
async function settingsAreChecked(
  context: ITriggerFunctions,
  settings: TriggerSettings,
  notices: Notices,
): Promise<boolean> {
  const answered = new AbortController();
  const finding = await Promise.race([
    checkSettings(context, settings),
    pause(FIRST_OUTCOME_MS, answered.signal).then((): Finding => ({ kind: 'unknown' })),
  ]);
  answered.abort();
  if (finding.kind === 'wrong') {
    if (!['init', 'leadershipChange'].includes(context.getActivationMode())) {
      throw new NodeOperationError(context.getNode(), finding.reason);
    }
    notices.show(finding.reason);
  }
  return finding.kind !== 'unknown';
}

const refused = (context: ITriggerFunctions, { reason }: Refusal): NodeOperationError =>
  new NodeOperationError(context.getNode(), reason, {
    description: 'The bridge refused the connection of this trigger.',
  });

async function openPublished(context: ITriggerFunctions, settings: TriggerSettings): Promise<ITriggerResponse> {
  const subscription = subscriptionName(context, null);
  const { id: workflow } = context.getWorkflow();
  const { id: node } = context.getNode();
  const notices = new Notices(
    context.logger,
    (text) => context.saveFailedExecution(new NodeOperationError(context.getNode(), `WaBridge Trigger: ${text}`)),
    describe(context, subscription),
  );
  const emit = async (item: INodeExecutionData, deduplicationKey: string): Promise<IRun | undefined> => {
    const done = context.helpers.createDeferredPromise<IRun>();
    context.emit([[item]], undefined, done, deduplicationKey);
    // n8n resolves with nothing where it took the key for a duplicate, which its types do not say.
    return await done.promise;
  };
  let stream: StreamClient | null = null;
  const deliveries = new Deliveries({
    mode: settings.mode,
    maxInFlight: settings.maxInFlight,
    runs: runsOf(subscription),
    toItem: async (frame) => await toItem(context, frame, settings.media),
    emit,
    isTooOld: ({ event }) => settings.maxAgeMs !== null && ageSeconds(event) * 1_000 > settings.maxAgeMs,
    deduplicationKey: ({ event, attempt }) => `${workflow ?? ''}:${node}:${event.id}:${BOOT_ID}:${attempt}`,
    acknowledge: (cursor, attempt) => stream?.acknowledge(cursor, attempt),
    refuse: (cursor, attempt, reason, retryAfterMs) => stream?.refuse(cursor, attempt, reason, retryAfterMs),
    notices,
  });
  let checked = await settingsAreChecked(context, settings, notices);
  stream = openStream(context, settings, subscription, notices, (frame) => deliveries.offer(frame), {
    // n8n says `update` for a new version of a workflow that ran until now, and `init` when it starts itself.
    maxBacklogAgeMs: context.getActivationMode() === 'activate' ? settings.maxBacklogAgeMs : null,
    outage: new Outage({ afterMs: settings.outageMs, notices }),
    onSubscribed: () => {
      if (checked) return;
      checked = true;
      void checkSettings(context, settings).then((finding) => {
        if (finding.kind === 'wrong') notices.show(finding.reason);
      });
    },
  });
  deliveries.start();

  const started = stream.start();
  const waiting = new AbortController();
  const first = await Promise.race([started, pause(FIRST_OUTCOME_MS, waiting.signal)]);
  waiting.abort();
  if (first && !first.isTemporary) {
    await stream.stop();
    await deliveries.drain(0);
    throw refused(context, first);
  }
  return {
    closeFunction: async () => {
      await deliveries.drain(DRAIN_MS);
      await stream.stop();
    },
  };
}

/** A test run in the editor: takes the next event for itself and leaves the published workflow's subscription alone. */
function openTestRun(context: ITriggerFunctions, settings: TriggerSettings): ITriggerResponse {
  const subscription = subscriptionName(context, randomUUID());
  const notices = new Notices(context.logger, () => {}, describe(context, subscription));
  let taken = false;
  let stream: StreamClient | null = null;
  const take = async (frame: BridgeEvent): Promise<void> => {
    if (taken) return;
    taken = true;
    const item = await toItem(context, frame, settings.media);
    context.emit([[item]]);
    stream?.acknowledge(frame.cursor, frame.attempt);
  };
  stream = openStream(context, settings, subscription, notices, (frame) => void take(frame), null);
  const opened = stream;
  return {
    // n8n puts the function that ends a test run in place only after `trigger` has returned.
    manualTriggerFunction: async () => {
      await settingsAreChecked(context, settings, notices);
      const first = await opened.start();
      if (first !== null) {
        await opened.stop();
        throw refused(context, first);
      }
    },
    closeFunction: async () => await opened.stop(),
  };
}
