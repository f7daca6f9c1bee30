/** Takes out of a text what must not be in a report that strangers read: people, numbers, messages, places. */
import { homedir, hostname } from 'node:os';

/** Replaced in this order: an id contains a number, and a URL may contain anything. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:https?|wss?):\/\/[^\s)"']+/g, '<url>'],
  [/\bwabk_\w+/g, '<key>'],
  [/\b(?:true|false)_\S+@\S+/g, '<message>'],
  [/[^\s"'(<]+@(?:c\.us|lid|g\.us|s\.whatsapp\.net|newsletter|broadcast|call)\b/g, '<chat>'],
  [/[^\s"'(<]+@[\w-]+(?:\.[\w-]+)+/g, '<address>'],
];
/** Digits as people and programs write phone numbers. */
const NUMBER = /\+?\d(?:[\s()./-]{0,2}\d){6,}/g;
/** What has as many digits and is none: times as this program writes them, versions of WhatsApp Web and of Chromium. */
const HARMLESS =
  /(?<![\d.+])(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z|2\.\d{4}\.\d{6,12}(?:-\w+)?|\d{2,3}\.0\.\d{4,5}\.\d{1,3})(?![\d.]*\d)/g;

/**
 * @param words further words to take out, with what stands for each: the session's name, names of people
 * @returns a function that masks a text
 */
export function masker(words: ReadonlyMap<string, string>): (text: string) => string {
  const known = [...words, [homedir(), '~'], [hostname(), '<host>']] as readonly (readonly [string, string])[];
  const replacements = known
    .filter(([word]) => word.length > 1)
    .sort(([a], [b]) => b.length - a.length)
    .map(([word, by]) => [new RegExp(`(?<![\\p{L}\\p{N}])${escaped(word)}(?![\\p{L}\\p{N}])`, 'giu'), by] as const);
  return (text) => {
    let masked = text;
    for (const [pattern, by] of [...PATTERNS, ...replacements]) masked = masked.replace(pattern, () => by);
    return outside(HARMLESS, masked, (part) => part.replace(NUMBER, '<number>'));
  };
}

const escaped = (word: string): string => word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** Changes what a pattern does not match. */
function outside(pattern: RegExp, text: string, change: (part: string) => string): string {
  let result = '';
  let at = 0;
  for (const { 0: found, index } of text.matchAll(pattern)) {
    result += change(text.slice(at, index)) + found;
    at = index + found.length;
  }
  return result + change(text.slice(at));
}
