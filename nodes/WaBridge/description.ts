/** The parameters of the action node: which resource, which operation, and the fields of each operation. */
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import * as chat from './actions/chat';
import * as message from './actions/message';
import * as session from './actions/session';

const resources: INodePropertyOptions[] = [
  { name: 'Chat', value: 'chat' },
  { name: 'Message', value: 'message' },
  { name: 'Session', value: 'session' },
];

export const properties: INodeProperties[] = [
  {
    displayName: 'Resource',
    name: 'resource',
    type: 'options',
    noDataExpression: true,
    options: resources,
    default: 'message',
  },
  ...chat.description,
  ...message.description,
  ...session.description,
];

/** Under the name of the node on the canvas: resource and operation in words. */
const words = resources.map(({ value: resource, name }) => {
  const operations = properties.find(
    (property) => property.name === 'operation' && property.displayOptions?.show?.['resource']?.[0] === resource,
  );
  const options = (operations?.options ?? []) as INodePropertyOptions[];
  return [String(resource), Object.fromEntries(options.map((each) => [String(each.value), `${name}: ${each.name}`]))];
});
export const subtitle = `={{ (${JSON.stringify(Object.fromEntries(words)).replaceAll('}}', '} }')})[$parameter["resource"]][$parameter["operation"]] }}`;
