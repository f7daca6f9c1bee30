import {
  NodeConnectionTypes,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
} from 'n8n-workflow';
import { waBridgeApiTest } from '../../credentials/credential-test';
import { searchSessions } from '../shared/session-methods';
import { offeredOperations } from './catalogue';
import { propertiesOf, subtitleOf } from './description';
import { route } from './router';

const operations = offeredOperations();

export class WaBridge implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'WaBridge',
    name: 'waBridge',
    icon: { light: 'file:../../icons/wabridge.svg', dark: 'file:../../icons/wabridge.dark.svg' },
    group: ['output'],
    version: 1,
    subtitle: subtitleOf(operations),
    description: 'Send WhatsApp messages through wabridge without duplicates, and manage its sessions',
    // n8n tells an AI that is offered the tool "<action> in <this name>".
    defaults: { name: 'WaBridge (WhatsApp)' },
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'waBridgeApi', required: true, testedBy: 'waBridgeApiTest' }],
    properties: propertiesOf(operations),
  };

  methods = {
    credentialTest: { waBridgeApiTest },
    listSearch: { searchSessions },
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return await route(this, operations);
  }
}
