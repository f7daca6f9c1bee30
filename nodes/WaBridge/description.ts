/** The parameters of the action node: which resource, which operation, and the fields of each operation. */
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import { titleOf } from '../shared/words';
import { valueOf, type NodeOperation } from './operations/node-operation';
import type { OperationId } from './operations/overlay';
import { DEFAULT_OPERATIONS, OVERLAYS } from './overlays/overlays';

const resourceOption = (value: string): INodePropertyOptions => ({ name: titleOf(value), value });

/** @param operations by resource and name */
export function propertiesOf(operations: readonly NodeOperation[]): INodeProperties[] {
  const resources = [...new Set(operations.map(({ resource }) => resource))];
  return [
    {
      displayName: 'Resource',
      name: 'resource',
      type: 'options',
      noDataExpression: true,
      options: resources.map(resourceOption),
      default: 'message',
    },
    ...resources.flatMap((resource) => {
      const offered = operations.filter((each) => each.resource === resource);
      return [operationField(resource, offered), ...offered.flatMap(fieldsOf)];
    }),
  ];
}

function operationField(resource: string, operations: readonly NodeOperation[]): INodeProperties {
  const preset = presetOf(resource) ?? operations[0]?.value ?? '';
  return {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: [resource] } },
    options: operations.map(({ name, value, action, description }) => ({ name, value, action, description })),
    default: preset,
  };
}

/** Undefined for a resource that is not in the table. */
function presetOf(resource: string): string | undefined {
  const id = (DEFAULT_OPERATIONS as Readonly<Record<string, OperationId | undefined>>)[resource];
  return id === undefined ? undefined : valueOf(id, OVERLAYS[id]);
}

/** The fields of an operation, shown for it alone. */
const fieldsOf = ({ resource, value, fields }: NodeOperation): INodeProperties[] =>
  fields.map((field) => ({
    ...field,
    displayOptions: {
      ...field.displayOptions,
      show: { ...field.displayOptions?.show, resource: [resource], operation: [value] },
    },
  }));

/** Under the name of the node on the canvas: resource and operation in words. */
export function subtitleOf(operations: readonly NodeOperation[]): string {
  const words: Record<string, Record<string, string>> = {};
  for (const { resource, value, name } of operations) {
    (words[resource] ??= {})[value] = `${titleOf(resource)}: ${name}`;
  }
  return `={{ (${JSON.stringify(words).replaceAll('}}', '} }')})[$parameter["resource"]][$parameter["operation"]] }}`;
}
