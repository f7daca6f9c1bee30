/** Values as both kinds of database can hold them. */
import { wholeNumber } from './whole-number.ts';

/**
 * Text of PostgreSQL cannot hold NUL, and its whole numbers have no fractions. There are no booleans: 0 and 1.
 *
 * @throws TypeError for what is neither text nor a number
 */
export function portable(value: unknown): string | number | bigint | null {
  switch (typeof value) {
    case 'string':
      return value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
    case 'number':
      return wholeNumber(value);
    case 'boolean':
      return Number(value);
    case 'bigint':
      return value;
    case 'undefined':
      return null;
    case 'object':
    case 'function':
    case 'symbol':
      if (value === null) return null;
      throw new TypeError(`A ${typeof value} cannot be stored`);
  }
}
