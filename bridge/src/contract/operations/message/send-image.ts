import { image } from '../../kinds/image.ts';
import { MEDIA_ERRORS, SEND_ERRORS, sendOf } from '../../messages.ts';
import { operation } from '../../operation.ts';

export const sendImage = operation({
  id: 'message.sendImage',
  ...sendOf(image),
  summary: 'Send an image',
  operationId: 'sendImage',
  errors: [...SEND_ERRORS, ...MEDIA_ERRORS],
  examples: [
    { session: 'support', to: '+4915112345678', mediaId: 'med_01JZ8Y4T3V5W6X7Y8Z9A0B1C2D', text: 'As promised' },
  ],
});
