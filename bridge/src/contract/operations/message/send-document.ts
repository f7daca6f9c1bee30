import { document } from '../../kinds/document.ts';
import { MEDIA_ERRORS, SEND_ERRORS, sendOf } from '../../messages.ts';
import { operation } from '../../operation.ts';

export const sendDocument = operation({
  id: 'message.sendDocument',
  ...sendOf(document),
  summary: 'Send a document',
  operationId: 'sendDocument',
  errors: [...SEND_ERRORS, ...MEDIA_ERRORS],
  examples: [
    { session: 'support', to: '+4915112345678', mediaId: 'med_01JZ8Y4T3V5W6X7Y8Z9A0B1C2D', fileName: 'offer.pdf' },
  ],
});
