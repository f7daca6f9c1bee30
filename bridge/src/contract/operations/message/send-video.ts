import { video } from '../../kinds/video.ts';
import { MEDIA_ERRORS, SEND_ERRORS, sendOf } from '../../messages.ts';
import { operation } from '../../operation.ts';

export const sendVideo = operation({
  id: 'message.sendVideo',
  ...sendOf(video),
  summary: 'Send a video',
  operationId: 'sendVideo',
  errors: [...SEND_ERRORS, ...MEDIA_ERRORS],
  examples: [
    { session: 'support', to: '+4915112345678', mediaId: 'med_01JZ8Y4T3V5W6X7Y8Z9A0B1C2D', text: 'As promised' },
  ],
});
