import { location } from '../../kinds/location.ts';
import { SEND_ERRORS, sendOf } from '../../messages.ts';
import { operation } from '../../operation.ts';

export const sendLocation = operation({
  id: 'message.sendLocation',
  ...sendOf(location),
  summary: 'Send a location',
  operationId: 'sendLocation',
  errors: [...SEND_ERRORS, 'WAB_TEXT_BLANK'],
  examples: [
    { session: 'support', to: '+4915112345678', latitude: 52.516275, longitude: 13.377704 },
    {
      session: 'support',
      to: '+4915112345678',
      latitude: 52.516275,
      longitude: 13.377704,
      name: 'Brandenburg Gate',
      address: 'Pariser Platz, 10117 Berlin',
    },
  ],
});
