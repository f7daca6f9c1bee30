import { asText } from '../../shared/text';
import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

/** One operation: the fields that it shows and what it does with one item. The router links the items. */
export interface Operation {
  readonly fields: INodeProperties[];
  execute(context: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]>;
}

/** Shows fields for one operation of a resource only. */
export const shownFor = (resource: string, operations: string[], fields: INodeProperties[]): INodeProperties[] =>
  fields.map((field) => ({
    ...field,
    displayOptions: {
      ...field.displayOptions,
      show: { ...field.displayOptions?.show, resource: [resource], operation: operations },
    },
  }));

/** Text of a parameter; an expression may have made a number of it. */
export function textValue(context: IExecuteFunctions, name: string, itemIndex: number): string {
  return asText(context.getNodeParameter(name, itemIndex, ''));
}

/** The value of a resource locator, without blanks around it. */
export function locatorValue(context: IExecuteFunctions, name: string, itemIndex: number): string {
  return asText(context.getNodeParameter(name, itemIndex, '', { extractValue: true })).trim();
}
