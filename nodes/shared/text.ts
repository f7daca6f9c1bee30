/** A parameter's value as text: expressions give numbers, nothing, or whole objects, of which JSON is the honest form. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined || value === null) return '';
  return JSON.stringify(value);
}
