/**
 * Addresses as the bridge compares them: `+` and digits for a phone number, chat ids and linked ids as they are.
 * Separated by commas, semicolons or lines.
 */
export function splitAddresses(text: string): string[] {
  const addresses = text
    .split(/[,;\n]/)
    .map((address) => address.trim())
    .filter((address) => address !== '')
    .map((address) => {
      if (address.includes('@')) return address;
      const digits = address.replace(/^00/, '+').replace(/[\s().\-/]/g, '');
      return /^\d+$/.test(digits) ? `+${digits}` : digits;
    });
  return [...new Set(addresses)];
}
