import { sessionField } from '../../shared/session-field';
import { bridgeRequest } from '../../shared/transport';
import type { NodeOperation } from '../operations/node-operation';
import { locatorValue, textValue } from '../operations/parameters';

/** The answer is an image, so it is not in the catalogue. */
export const qrCode: NodeOperation = {
  resource: 'session',
  value: 'getQr',
  name: 'Get QR Code',
  action: 'Get the QR code of a session',
  description: 'Get the QR code to scan with the phone, as a PNG image',
  fields: [
    sessionField,
    {
      displayName: 'Put Output File in Field',
      name: 'binaryPropertyName',
      type: 'string',
      default: 'data',
      required: true,
      hint: 'The name of the output binary field to put the image in',
    },
  ],
  async execute(context, itemIndex) {
    const session = locatorValue(context, 'session', itemIndex);
    const field = textValue(context, 'binaryPropertyName', itemIndex);
    const { body } = await bridgeRequest(context, {
      method: 'GET',
      path: `/v1/sessions/${encodeURIComponent(session)}/qr`,
      query: { format: 'png' },
      itemIndex,
    });
    const image = await context.helpers.prepareBinaryData(body, `${session}-qr.png`, 'image/png');
    return [{ json: { session }, binary: { [field]: image } }];
  },
};
