/** Values of parameters as the bridge takes them. Expressions may give other types than the editor does. */
import { asText } from '../../shared/text';

/** In place of a value that cannot be used. */
export class Unusable {
  /** @param problem what is wrong with it, as the end of a sentence that begins with the field's name */
  constructor(readonly problem: string) {}
}

export function numberFrom(value: unknown): number | Unusable {
  const number = asText(value).trim() === '' ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : new Unusable('is not a number');
}

export function booleanFrom(value: unknown): boolean | Unusable {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  return new Unusable('must be true or false');
}

/** A list that an expression gave, or the lines of a text. */
export function linesFrom(value: unknown): string[] {
  const items = Array.isArray(value) ? value.map(asText) : asText(value).split('\n');
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

/** What an expression gave, or JSON that was written; undefined if nothing was. */
export function jsonFrom(value: unknown): unknown {
  if (typeof value !== 'string') return value ?? undefined;
  if (value.trim() === '') return undefined;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return new Unusable('is not valid JSON');
  }
}
