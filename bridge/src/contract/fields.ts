/** Fields that several operations have. */
import Type from 'typebox';
import { MAX_LIST_LIMIT } from './defaults.ts';
import { DEAD_LETTER_ID_PATTERN, type DeadLetterId } from './ids.ts';

export const DeadLetterIdField = Type.Unsafe<DeadLetterId>(Type.String({ pattern: DEAD_LETTER_ID_PATTERN }));

/** How many items a list has at most. */
export const limitOf = (fallback: number) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIST_LIMIT, default: fallback }));
