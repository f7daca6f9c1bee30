import type { INodeProperties } from 'n8n-workflow';
import { SESSION_NAME_PATTERN } from './contract.generated';
import { optionalLocator } from './optional-locator';

/** The picker of one session. */
export const sessionField: INodeProperties = {
  displayName: 'Session',
  name: 'session',
  type: 'resourceLocator',
  default: { mode: 'list', value: '' },
  required: true,
  description: 'The linked WhatsApp account to use',
  modes: [
    {
      displayName: 'From List',
      name: 'list',
      type: 'list',
      placeholder: 'Choose a session…',
      typeOptions: { searchListMethod: 'searchSessions', searchable: true },
    },
    {
      displayName: 'By Name',
      name: 'name',
      type: 'string',
      placeholder: 'e.g. support',
      validation: [
        {
          type: 'regex',
          properties: {
            regex: SESSION_NAME_PATTERN,
            errorMessage: 'A session name has only lower-case letters, digits, _ and -',
          },
        },
      ],
    },
  ],
};

/** The same where a chat is meant: left empty, it is the session of the event that started the workflow. */
export const optionalSessionField = optionalLocator(sessionField, "If empty: the session of the trigger's event");
