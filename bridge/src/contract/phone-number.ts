/**
 * Phone numbers as people write them, and the two forms that the numbers of some countries have: WhatsApp keeps accounts
 * under the form that their country used when they were made, while people and address books write today's.
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';

interface Renumbering {
  /** The form of today (E.164), with named groups for what both forms share. */
  readonly current: RegExp;
  readonly older: RegExp;
  readonly toCurrent: string;
  readonly toOlder: string;
}

/** Of both forms of a number one names the same subscriber as the other; land lines are left out. */
const RENUMBERINGS: readonly Renumbering[] = [
  // Mexico dropped the 1 before mobile numbers in 2019. WhatsApp still has it.
  {
    current: /^52(?<number>[2-9]\d{9})$/,
    older: /^521(?<number>[2-9]\d{9})$/,
    toCurrent: '52$<number>',
    toOlder: '521$<number>',
  },
  // Argentine mobile numbers are called from abroad with a 9, which many leave out.
  {
    current: /^549(?<number>[1-8]\d{9})$/,
    older: /^54(?<number>[1-8]\d{9})$/,
    toCurrent: '549$<number>',
    toOlder: '54$<number>',
  },
  // Brazil put a 9 before mobile numbers from 2012 to 2016. WhatsApp keeps older accounts of most areas without it.
  {
    current: /^55(?<area>[1-9][1-9])9(?<number>[6-9]\d{7})$/,
    older: /^55(?<area>[1-9][1-9])(?<number>[6-9]\d{7})$/,
    toCurrent: '55$<area>9$<number>',
    toOlder: '55$<area>$<number>',
  },
  // Benin put 01 before every number in 2024.
  {
    current: /^22901(?<number>\d{8})$/,
    older: /^229(?<number>\d{8})$/,
    toCurrent: '22901$<number>',
    toOlder: '229$<number>',
  },
  // Ivory Coast put two digits before every number in 2021; those of a mobile number follow from its second digit.
  ...(['01[0-3]', '05[4-6]', '07[7-9]'] as const).map((operator) => {
    const prefix = operator.slice(0, 2);
    const number = `(?<number>[04-9]${operator.slice(2)}\\d{6})`;
    return {
      current: new RegExp(`^225${prefix}${number}$`),
      older: new RegExp(`^225${number}$`),
      toCurrent: `225${prefix}$<number>`,
      toOlder: '225$<number>',
    };
  }),
];

/** Numbers of an older form that have no form of today which could be told from them alone. */
const OLDER_ONLY = /^(?:225\d{8})$/;
/** Marks that come along when a number is copied: direction marks, joiners, soft hyphens, byte order marks. */
const INVISIBLE = /\p{Cf}/gu;

/** A text without invisible marks and without blanks around it. */
export const visibleText = (text: string): string => text.replace(INVISIBLE, '').trim();

/**
 * The digits of a phone number with its country code, from any form a person may write (`+49 151 …`, `0049151…`,
 * `49151…`); null if it is none, or where something else stands beside it. An older form stays what it is: whether
 * WhatsApp knows the person under it, only WhatsApp can tell.
 */
export function parseDigits(text: string): string | null {
  const written = visibleText(text);
  // Letters are skipped by the parser, which then finds the number of somebody else.
  if (/\p{L}/u.test(written)) return null;
  const international = written.startsWith('+')
    ? written
    : written.startsWith('00')
      ? `+${written.slice(2)}`
      : `+${written}`;
  const phone = parsePhoneNumberFromString(international);
  if (!phone) return null;
  const digits = phone.number.slice(1);
  return phone.isPossible() || isOlderForm(digits) ? digits : null;
}

const isOlderForm = (digits: string): boolean =>
  OLDER_ONLY.test(digits) || RENUMBERINGS.some(({ older }) => older.test(digits));

/** The form of today of a number (E.164 without the plus), which is the number itself in most countries. */
export function currentForm(digits: string): string {
  const change = RENUMBERINGS.find(({ older }) => older.test(digits));
  return change ? digits.replace(change.older, change.toCurrent) : digits;
}

/** Every form of a number, itself first. All of them are one person. */
export function formsOf(digits: string): readonly [string, ...string[]] {
  const current = currentForm(digits);
  const change = RENUMBERINGS.find((each) => each.current.test(current));
  const forms = change ? [current, current.replace(change.current, change.toOlder)] : [current];
  return [digits, ...forms.filter((form) => form !== digits)];
}
