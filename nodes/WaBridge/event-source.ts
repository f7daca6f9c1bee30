/** The event of a WaBridge Trigger that an item goes back to: what names a message, and whom an answer is for. */
import type { IExecuteFunctions } from 'n8n-workflow';

export interface SourceEvent {
  readonly id: string;
  readonly attempt: number;
  /** Empty where the event has none. */
  readonly session: string;
  readonly chatId: string;
  /** Whether the trigger is in this very workflow: a sub-workflow may be called several times for one event. */
  readonly direct: boolean;
}

/** The event that started this execution or, failing that, the one in the item. */
export const sourceEvent = (context: IExecuteFunctions, itemIndex: number): SourceEvent | null =>
  triggerEvent(context, itemIndex) ?? passedEvent(context, itemIndex);

/** The event of the WaBridge Trigger that started this execution. */
function triggerEvent(context: IExecuteFunctions, itemIndex: number): SourceEvent | null {
  // A tool has no input of its own; the node that calls it is the source of its data.
  const sources = Object.values(context.getExecuteData().source ?? {}).flatMap((connections) => connections ?? []);
  const callers = sources.flatMap((source) => (source === null ? [] : [source.previousNode]));
  const ancestors = [context.getNode().name, ...callers].flatMap((name) => context.getParentNodes(name));
  const triggers = ancestors.filter(({ type }) => type.endsWith('.waBridgeTrigger')).map(({ name }) => name);
  for (const name of new Set(triggers)) {
    const event = eventIn(outputOf(context, itemIndex, name), true);
    if (event !== null) return event;
  }
  for (const name of new Set(callers)) {
    const event = eventIn(outputOf(context, itemIndex, name), false);
    if (event !== null) return event;
  }
  return null;
}

/** The event in the item itself, where a sub-workflow or an agent was handed the item of the trigger. */
const passedEvent = (context: IExecuteFunctions, itemIndex: number): SourceEvent | null =>
  eventIn(context.getInputData()[itemIndex]?.json, false);

interface NodeOutput {
  readonly isExecuted: boolean;
  first(): { json: unknown };
}

/** The one item of the trigger; an execution is started by one event. */
function outputOf(context: IExecuteFunctions, itemIndex: number, name: string): unknown {
  const { $ } = context.getWorkflowDataProxy(itemIndex) as unknown as { $: (name: string) => NodeOutput };
  try {
    const output = $(name);
    return output.isExecuted ? output.first().json : null;
  } catch {
    // n8n refuses to look at a node that did not run in this execution.
    return null;
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function eventIn(json: unknown, direct: boolean): SourceEvent | null {
  if (typeof json !== 'object' || json === null) return null;
  const { id, delivery, session, chat } = json as {
    id?: unknown;
    delivery?: { attempt?: unknown };
    session?: unknown;
    chat?: { chatId?: unknown } | null;
  };
  if (typeof id !== 'string' || !id.startsWith('evt_') || typeof delivery?.attempt !== 'number') return null;
  return { id, attempt: delivery.attempt, session: textOf(session), chatId: textOf(chat?.chatId), direct };
}
