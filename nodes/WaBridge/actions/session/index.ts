import type { INodeProperties } from 'n8n-workflow';
import { shownFor } from '../operation';
import * as get from './get.operation';
import * as getQr from './getQr.operation';
import * as list from './list.operation';
import * as requestPairingCode from './requestPairingCode.operation';
import * as start from './start.operation';
import * as stop from './stop.operation';

export const operations = { get, getQr, list, requestPairingCode, start, stop };

export const description: INodeProperties[] = [
  {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: ['session'] } },
    options: [
      { name: 'Get', value: 'get', action: 'Get a session', description: 'Get the state of a session' },
      {
        name: 'Get Many',
        value: 'list',
        action: 'Get many sessions',
        description: 'Get the state of every session that the key may use',
      },
      {
        name: 'Get QR Code',
        value: 'getQr',
        action: 'Get the QR code of a session',
        description: 'Get the QR code to scan with the phone, as a PNG image',
      },
      {
        name: 'Request Pairing Code',
        value: 'requestPairingCode',
        action: 'Request a pairing code for a session',
        description: 'Get a code that links the account of a phone number when entered on that phone',
      },
      { name: 'Start', value: 'start', action: 'Start a session', description: 'Start a session that is stopped' },
      {
        name: 'Stop',
        value: 'stop',
        action: 'Stop a session',
        description: 'Stop a session; it stays linked and can be started again',
      },
    ],
    default: 'list',
  },
  ...shownFor('session', ['get'], get.fields),
  ...shownFor('session', ['getQr'], getQr.fields),
  ...shownFor('session', ['list'], list.fields),
  ...shownFor('session', ['requestPairingCode'], requestPairingCode.fields),
  ...shownFor('session', ['start'], start.fields),
  ...shownFor('session', ['stop'], stop.fields),
];
