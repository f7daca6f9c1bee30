import {
  NodeConnectionTypes,
  type INodeType,
  type INodeTypeDescription,
  type ITriggerFunctions,
  type ITriggerResponse,
} from 'n8n-workflow';
import { waBridgeApiTest } from '../../credentials/credential-test';
import { eventsSubtitle } from '../shared/options';
import { getSessions, searchSessions } from '../shared/session-methods';
import { properties } from './description';
import { openTrigger } from './trigger';

export class WaBridgeTrigger implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'WaBridge Trigger',
    name: 'waBridgeTrigger',
    icon: { light: 'file:../../icons/wabridge.svg', dark: 'file:../../icons/wabridge.dark.svg' },
    group: ['trigger'],
    version: 1,
    subtitle: eventsSubtitle,
    description: 'Starts the workflow on WhatsApp events, without losing any',
    defaults: { name: 'WaBridge Trigger' },
    inputs: [],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'waBridgeApi', required: true, testedBy: 'waBridgeApiTest' }],
    properties,
  };

  methods = {
    credentialTest: { waBridgeApiTest },
    listSearch: { searchSessions },
    loadOptions: { getSessions },
  };

  async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
    return await openTrigger(this);
  }
}
