/** Parameters of the action node. */
import type { INodeProperties, INodeType } from 'n8n-workflow';

/** The fields that are shown for an operation, in their order. */
export const fieldsOf = (type: INodeType, resource: string, operation: string): INodeProperties[] =>
  type.description.properties.filter(
    ({ displayOptions }) =>
      displayOptions?.show?.['resource']?.[0] === resource && displayOptions.show['operation']?.[0] === operation,
  );
export const namesOf = (fields: readonly INodeProperties[]): string[] => fields.map(({ name }) => name);
/** The fields of a collection. */
export const optionsOf = ({ options = [] }: INodeProperties): INodeProperties[] => options as INodeProperties[];
