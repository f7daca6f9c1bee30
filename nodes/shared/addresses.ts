/** Marks that nobody sees and that come along when a number is copied from a contact page. For a pattern's brackets. */
export const INVISIBLE_MARKS = '\\u00AD\\u061C\\u200B-\\u200F\\u202A-\\u202E\\u2060-\\u2069\\uFEFF';
const invisible = new RegExp(`[${INVISIBLE_MARKS}]`, 'g');

/**
 * Addresses as the bridge compares them: `+` and digits for a phone number, chat ids and linked ids as they are.
 * Separated by commas, semicolons or lines.
 */
export function splitAddresses(text: string): string[] {
  const addresses = text
    .split(/[,;\n]/)
    .map((address) => address.replace(invisible, '').trim())
    .filter((address) => address !== '')
    .map((address) => {
      if (address.includes('@')) return address;
      const digits = address.replace(/^00/, '+').replace(/[\s().\-\u2010-\u2015/]/g, '');
      return /^\d+$/.test(digits) ? `+${digits}` : digits;
    });
  return [...new Set(addresses)];
}
