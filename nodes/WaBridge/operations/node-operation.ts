/** An operation as the node offers it, and how one is derived from the table of operations with an overlay. */
import type { IDataObject, IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import type { OperationEntry } from '../../shared/operation-table';
import { bridgeJson, bridgeRequest } from '../../shared/transport';
import { descriptionOf, titleOf } from '../../shared/words';
import type { OperationWords } from './overlay';
import { partOf, requestOf, type Input } from './request';
import { send } from './send';
import { readItemFile, sendFile, withFileName } from './send-file';
import { idempotencyField, waitFields } from './send-fields';
import { fieldWith, widgetOf, type Widget } from './widgets';

export interface NodeOperation {
  /** Values of the parameters `resource` and `operation` that choose it. */
  readonly resource: string;
  readonly value: string;
  readonly name: string;
  /** The sentence in the list of actions, which an AI agent reads as well. */
  readonly action: string;
  readonly description: string;
  readonly fields: readonly INodeProperties[];
  /** What it does with one item. The router links the items. */
  execute(context: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]>;
}

/** The widgets of an operation by the names of its fields. */
export type Widgets = ReadonlyMap<string, Widget>;

/** What chooses an operation among those of its resource, in saved workflows. */
export const valueOf = (id: string, { value }: OperationWords = {}): string => value ?? id.slice(id.indexOf('.') + 1);

/** `message.sendPoll` is "Send Poll" of the resource `message`, unless the overlay says something else. */
export function nodeOperation(id: string, entry: OperationEntry, words: OperationWords = {}): NodeOperation {
  const [resource = '', verb = ''] = id.split('.');
  const widgets = widgetsOf(entry, words);
  const { name = verb === 'list' ? 'Get Many' : titleOf(verb), action = descriptionOf(entry.summary) } = words;
  return {
    resource,
    value: valueOf(id, words),
    name,
    action,
    description: words.description ?? action,
    fields: layoutOf(entry, widgets),
    execute: async (context, itemIndex) => {
      const input = readInput(context, itemIndex, widgets);
      if (entry.carrier !== 'outbox') return await perform(context, itemIndex, entry, input);
      if (fieldWith(entry, 'media') === undefined) return await send(context, itemIndex, entry, input);
      const file = await readItemFile(context, itemIndex);
      return await sendFile(context, itemIndex, entry, withFileName(entry, input, file), file);
    },
  };
}

export function widgetsOf(operation: OperationEntry, { fields = {} }: OperationWords = {}): Widgets {
  return new Map(
    Object.entries(operation.fields).flatMap(([name, entry]) => {
      const widget = widgetOf({ name, entry, words: fields[name] ?? {}, operation });
      return widget === null ? [] : [[name, widget] as const];
    }),
  );
}

/** Fields that are always visible, in their order, then what is the same for all that is sent, then the options by name. */
export function layoutOf(entry: OperationEntry, widgets: Widgets): INodeProperties[] {
  const at = (place: Widget['place']): INodeProperties[] =>
    [...widgets.values()].filter((widget) => widget.place === place).map(({ property }) => property);
  const isSent = entry.carrier === 'outbox';
  const options = [...(isSent ? [idempotencyField] : []), ...at('options')];
  return [...at('visible'), ...(isSent ? waitFields : []), ...(options.length === 0 ? [] : [collectionOf(options)])];
}

const collectionOf = (options: INodeProperties[]): INodeProperties => ({
  displayName: 'Options',
  name: 'options',
  type: 'collection',
  placeholder: 'Add Option',
  default: {},
  options: options.sort((a, b) => a.displayName.localeCompare(b.displayName)),
});

/** @throws NodeOperationError for a value that is missing or cannot be used */
export function readInput(context: IExecuteFunctions, itemIndex: number, widgets: Widgets): Input {
  const read = [...widgets].map(([name, widget]) => [name, widget.read(context, itemIndex)] as const);
  return Object.fromEntries(read.filter(([, value]) => value !== undefined));
}

/**
 * Asks the bridge for something that is done at once or not at all, so it is asked for once.
 *
 * @throws NodeApiError with the bridge's sentence
 */
async function perform(
  context: IExecuteFunctions,
  itemIndex: number,
  entry: OperationEntry,
  input: Input,
): Promise<INodeExecutionData[]> {
  const { deadlineMs: waitMs = 0, result } = entry;
  const request = { ...requestOf(entry, input), waitMs, itemIndex };
  if (result === 'nothing') {
    await bridgeRequest(context, request);
    return [{ json: { success: true, ...aboutWhat(entry, input) } }];
  }
  const answer = await bridgeJson<IDataObject>(context, request);
  return result === 'object' ? [{ json: answer }] : (answer[result.list] as IDataObject[]).map((json) => ({ json }));
}

/** What the path names, under the names that the editor has for it. */
function aboutWhat(entry: OperationEntry, input: Input): IDataObject {
  const named = Object.entries(input).filter(([name]) => partOf(entry, name) === 'path');
  return Object.fromEntries(
    named.map(([name, value]) => {
      const role = entry.fields[name]?.role;
      return [role === 'session' ? 'session' : role === 'recipient' ? 'chat' : name, value];
    }),
  ) as IDataObject;
}
