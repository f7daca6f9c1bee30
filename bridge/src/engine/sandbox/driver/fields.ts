/** Fields that several operations of the driver have. */
import Type from 'typebox';
import { WaitMs } from '../../../contract/fields.ts';
import { object } from '../../../contract/schema.ts';

/** For lists that can be waited for. */
export const waiting = {
  atLeast: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'with waitMs: answer once there are this many' }),
  ),
  waitMs: WaitMs,
};

/** A message that somebody wrote. */
export const MessageRef = object({ messageId: Type.String() });

/** Of requests with a message: a file travels inside the JSON body here, since this is for trying out. */
export const BODY_LIMIT = 24 * 1024 * 1024;
