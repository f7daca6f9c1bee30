/** The parameters of the trigger node. */
import type { INodeProperties } from 'n8n-workflow';
import { MAX_WAIT_MS, MAX_WINDOW } from '../shared/contract.generated';
import { chatKindOptions, eventTypeOptions } from '../shared/options';
import { sessionField } from '../shared/session-field';
import {
  DEFAULT_BACKLOG_HOURS,
  DEFAULT_BINARY_FIELD,
  DEFAULT_MAX_IN_FLIGHT,
  DEFAULT_MEDIA_WAIT_SECONDS,
  DEFAULT_OUTAGE_MINUTES,
} from './defaults';

export const properties: INodeProperties[] = [
  {
    displayName: 'Events',
    name: 'events',
    type: 'multiOptions',
    options: eventTypeOptions,
    default: ['message.received'],
    required: true,
    description: 'What starts the workflow',
  },
  {
    displayName: 'Sessions',
    name: 'sessionScope',
    type: 'options',
    options: [
      {
        name: 'All',
        value: 'all',
        description: 'Every session that the key of the credential may use, including sessions added later',
      },
      { name: 'One', value: 'one' },
      { name: 'Several', value: 'several' },
    ],
    default: 'all',
    description: 'Which linked WhatsApp accounts to listen to',
  },
  {
    ...sessionField,
    description: 'The linked WhatsApp account to listen to',
    displayOptions: { show: { sessionScope: ['one'] } },
  },
  {
    displayName: 'Session Names or IDs',
    name: 'sessions',
    type: 'multiOptions',
    typeOptions: { loadOptionsMethod: 'getSessions' },
    default: [],
    required: true,
    displayOptions: { show: { sessionScope: ['several'] } },
    description:
      'The linked WhatsApp accounts to listen to. Choose from the list, or specify IDs using an <a href="https://docs.n8n.io/code/expressions/">expression</a>.',
  },
  {
    displayName: 'Chats',
    name: 'chatKinds',
    type: 'multiOptions',
    options: chatKindOptions,
    default: ['direct'],
    description:
      'Which kinds of chats to listen to. If none is selected, all of them. Events without a chat, such as those of a session, are always included.',
  },
  {
    displayName: 'Acknowledge',
    name: 'acknowledge',
    type: 'options',
    options: [
      {
        name: 'When Received',
        value: 'received',
        description:
          'As soon as an execution has started. An event is not delivered again if n8n crashes during its execution.',
      },
      {
        name: 'When the Execution Finishes',
        value: 'finished',
        description: 'Even if it fails. An event is delivered again only if its execution was interrupted.',
      },
      {
        name: 'When the Execution Succeeds',
        value: 'succeeded',
        description:
          'An event whose execution fails is delivered again, with growing pauses, until the bridge moves it to the dead letters',
      },
    ],
    default: 'finished',
    description:
      'When the bridge may treat an event as done. Until then it keeps the event and delivers it again if necessary.',
  },
  {
    displayName: 'Filters',
    name: 'filters',
    type: 'collection',
    placeholder: 'Add Filter',
    default: {},
    description: 'Evaluated by the bridge, so that events that do not match never reach n8n',
    options: [
      {
        displayName: 'From',
        name: 'from',
        type: 'string',
        default: '',
        placeholder: 'e.g. +49 151 12345678, 1234567890@lid',
        description:
          'Only events caused by these senders: phone numbers with country code, chat IDs or linked IDs, separated by commas',
      },
      {
        displayName: 'From Me',
        name: 'fromMe',
        type: 'options',
        options: [
          { name: 'Any', value: 'any', description: 'Sent by anyone' },
          { name: 'Only From Me', value: 'mine', description: 'Only what this account sent' },
          { name: 'Only From Others', value: 'others', description: 'Only what others sent' },
        ],
        default: 'any',
        description:
          'Whether to include messages of the linked account itself. Events without a sender match only Any.',
      },
    ],
  },
  {
    displayName: 'Options',
    name: 'options',
    type: 'collection',
    placeholder: 'Add Option',
    default: {},
    options: [
      {
        displayName: 'Backlog up To (Hours)',
        name: 'backlogHours',
        type: 'number',
        typeOptions: { minValue: 0, maxValue: 80_000 },
        default: DEFAULT_BACKLOG_HOURS,
        description:
          'Maximum age of the events that arrived while the workflow was not published. Older ones are skipped, and the log of n8n says how many. 0 skips none.',
        displayOptions: { hide: { whenPublishedAgain: ['now'] } },
      },
      {
        displayName: 'Binary Field',
        name: 'binaryField',
        type: 'string',
        default: DEFAULT_BINARY_FIELD,
        description: 'Name of the field of the item that will hold the file of a media message',
        hint: 'Not used if Download Media is off',
      },
      {
        displayName: 'Download Media',
        name: 'downloadMedia',
        type: 'boolean',
        default: true,
        description:
          'Whether to put the file of a media message into the item. If that fails, the item says why in mediaError.',
      },
      {
        displayName: 'Executions at a Time',
        name: 'maxInFlight',
        type: 'number',
        typeOptions: { minValue: 1, maxValue: MAX_WINDOW, numberPrecision: 0 },
        default: DEFAULT_MAX_IN_FLIGHT,
        description:
          'How many executions of this trigger may run at once. Within one chat there is always only one at a time, except with Acknowledge When Received.',
      },
      {
        displayName: 'Ignore Events Older Than (Minutes)',
        name: 'maxAgeMinutes',
        type: 'number',
        typeOptions: { minValue: 0 },
        default: 0,
        description:
          'Events that are older than this when they first arrive do not start an execution, whatever delayed them. An event that is delivered again because its execution failed or the connection was lost is not ignored. 0 ignores none.',
      },
      {
        displayName: 'Media Wait (Seconds)',
        name: 'mediaWait',
        type: 'number',
        typeOptions: { minValue: 0, maxValue: MAX_WAIT_MS / 1_000 },
        default: DEFAULT_MEDIA_WAIT_SECONDS,
        description:
          'How long to wait for the bridge to fetch a file from WhatsApp before the workflow starts without it',
      },
      {
        displayName: 'Report Outage After (Minutes)',
        name: 'outageMinutes',
        type: 'number',
        typeOptions: { minValue: 0 },
        default: DEFAULT_OUTAGE_MINUTES,
        description:
          'How long the published trigger may be without a connection to the bridge before it records one failed execution, which starts the error workflow. 0 turns this off.',
      },
      {
        displayName: 'When Published Again',
        name: 'whenPublishedAgain',
        type: 'options',
        options: [
          {
            name: 'Continue Where It Stopped',
            value: 'continue',
            description: 'Run for events that came while the workflow was not published, up to the age set in Backlog',
          },
          {
            name: 'Start From Now',
            value: 'now',
            description: 'Skip events that came while the workflow was not published; the log of n8n says how many',
          },
        ],
        default: 'continue',
        description:
          'What to do with events that came while the workflow was not published. A restart of n8n or of the bridge skips nothing.',
      },
    ],
  },
];
