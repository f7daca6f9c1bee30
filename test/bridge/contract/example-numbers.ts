/**
 * A mobile number of every country, in every form in which WhatsApp or its users may write it. The older forms are
 * written down here by hand, apart from the product's own table.
 */
import { readFileSync } from 'node:fs';
import { getCountryCallingCode, type CountryCode } from 'libphonenumber-js/min';

const examples = JSON.parse(readFileSync('node_modules/libphonenumber-js/examples.mobile.json', 'utf8')) as Record<
  CountryCode,
  string
>;

export interface ExampleNumber {
  readonly country: string;
  /** Digits of each form, today's first; all of them are one person. */
  readonly forms: readonly string[];
}

/** More numbers of the countries that changed theirs, with both forms. */
const CHANGED: readonly ExampleNumber[] = [
  { country: 'MX', forms: ['525512345678', '5215512345678'] },
  { country: 'MX', forms: ['522221234567', '5212221234567'] },
  { country: 'AR', forms: ['5491123456789', '541123456789'] },
  { country: 'AR', forms: ['5493541123456', '543541123456'] },
  { country: 'BR', forms: ['5511961234567', '551161234567'] },
  { country: 'BR', forms: ['5531987654321', '553187654321'] },
  { country: 'BJ', forms: ['2290195123456', '22995123456'] },
  { country: 'BJ', forms: ['2290140123456', '22940123456'] },
  { country: 'CI', forms: ['2250707123456', '22507123456'] },
  { country: 'CI', forms: ['2250554123456', '22554123456'] },
  { country: 'CI', forms: ['2250102123456', '22502123456'] },
];

/** All of them. */
export const EXAMPLE_NUMBERS: readonly ExampleNumber[] = [
  ...(Object.entries(examples) as [CountryCode, string][])
    .map(([country, national]) => ({ country, forms: [`${getCountryCallingCode(country)}${national}`] }))
    .filter(({ forms: [digits] }) => !CHANGED.some(({ forms }) => forms.includes(digits!))),
  ...CHANGED,
];

/** What copying from a contact page, an address book or a spreadsheet makes of a number. */
export const dressed = (digits: string): readonly string[] => [
  `+${digits}`,
  digits,
  `00${digits}`,
  `\u202A+${digits}\u202C`,
  `\u2066+${digits}\u2069`,
  `\uFEFF+${digits.slice(0, 4)}\u00A0${digits.slice(4, 7)}\u2011${digits.slice(7)}\u200B`,
  `\u200E+${digits}\u00AD`,
  `${digits}@c.us`,
  `\u202A${digits}@s.whatsapp.net\u202C`,
];
