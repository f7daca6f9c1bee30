import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';
import { authenticate } from './authenticate';

/** Where the bridge is, and the key that signs what n8n asks of it. The key itself is never sent. */
export class WaBridgeApi implements ICredentialType {
  name = 'waBridgeApi';

  displayName = 'WaBridge API';

  icon: Icon = { light: 'file:../icons/wabridge.svg', dark: 'file:../icons/wabridge.dark.svg' };

  documentationUrl = 'https://wabridge.example/docs/credential';

  properties: INodeProperties[] = [
    {
      displayName: 'Base URL',
      name: 'baseUrl',
      type: 'string',
      default: 'http://127.0.0.1:8477',
      required: true,
      placeholder: 'https://wa.example.org',
      description:
        "Where n8n reaches the bridge. An address other than loopback must be in the bridge's setting publicUrls.",
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
        'The line that was shown when the key was issued (wabridge key issue). It signs requests and is never sent.',
    },
  ];

  authenticate = authenticate;
}
