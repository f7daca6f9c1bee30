/** What wabridge puts out as the address of a person, it takes back, whichever form a country's numbers have. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ChatId } from '../../../bridge/src/contract/ids.ts';
import type { Envelope } from '../../../bridge/src/contract/filter.ts';
import {
  addressKeys,
  addressOf,
  chatFormsOf,
  parseChatId,
  parsePhone,
} from '../../../bridge/src/contract/whatsapp-id.ts';
import { matches } from '../../../bridge/src/events/filter.ts';
import { dressed, EXAMPLE_NUMBERS } from './example-numbers.ts';

const idOf = (digits: string): ChatId => `${digits}@c.us` as ChatId;
const anyExample = fc.constantFrom(...EXAMPLE_NUMBERS);

test('every form of every example number is taken as a recipient and for pairing, however it was copied', () => {
  for (const { forms } of EXAMPLE_NUMBERS)
    for (const digits of forms)
      for (const written of dressed(digits)) {
        expect({ written, chatId: parseChatId(written) }).toEqual({ written, chatId: idOf(digits) });
        expect({ written, phone: parsePhone(written) }).toEqual({ written, phone: `+${digits}` });
      }
});

test('what is put out is taken back as the same person', () => {
  for (const { forms } of EXAMPLE_NUMBERS)
    for (const digits of forms) {
      const address = addressOf(idOf(digits));
      expect(address.phone).toBe(`+${digits}`);
      for (const key of addressKeys(address)) expect(parseChatId(key)).toBe(address.chatId);
    }
});

test('a phone number is put out only where it is taken back', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9]{1,17}$/), (digits) => {
      const { chatId, phone } = addressOf(idOf(digits));
      expect(parseChatId(chatId)).toBe(chatId);
      if (phone !== undefined) expect(parseChatId(phone)).toBe(chatId);
    }),
    { numRuns: 2_000 },
  );
});

describe('the forms of one person', () => {
  test.each(EXAMPLE_NUMBERS.filter(({ forms }) => forms.length > 1))('$country $forms.0', ({ forms }) => {
    for (const digits of forms) {
      const known = chatFormsOf(idOf(digits));
      // The form that was asked for comes first; the rest are the same person.
      expect(known[0]).toBe(idOf(digits));
      expect([...known].sort()).toEqual(forms.map(idOf).sort());
    }
  });

  test('are told apart by nobody else: no two examples share a form, and groups and lids have one', () => {
    const owners = new Map<ChatId, string>();
    for (const { forms } of EXAMPLE_NUMBERS) {
      const all = new Set(forms.flatMap((digits) => chatFormsOf(idOf(digits))));
      const person = [...all].sort().join();
      for (const form of all) {
        expect(owners.get(form) ?? person).toBe(person);
        owners.set(form, person);
      }
    }
    for (const other of ['120363000000000001@g.us', '5215512345678@lid', 'status@broadcast'] as ChatId[])
      expect(chatFormsOf(other)).toEqual([other]);
    // A Brazilian land line has no ninth digit to lose.
    expect(chatFormsOf(idOf('551132345678'))).toEqual([idOf('551132345678')]);
  });

  test('a filter that names one form hears the person under each', () => {
    fc.assert(
      fc.property(anyExample, fc.nat(), fc.nat(), ({ forms }, a, b) => {
        const written = dressed(forms[a % forms.length]!);
        const from = [written[b % written.length]!];
        for (const digits of forms) {
          const senderKeys = addressKeys(addressOf(idOf(digits)));
          expect(matches({ from }, { senderKeys } as unknown as Envelope)).toBe(true);
        }
        const stranger = addressKeys(addressOf(idOf('4915100000000')));
        expect(matches({ from }, { senderKeys: stranger } as unknown as Envelope)).toBe(false);
      }),
    );
  });
});

test.each([
  '+49 151 1234567O',
  '+49 151 12345678 home',
  '+1-800-FLOWERS',
  '+4915112345678 ext. 3',
  '\u202A\u202C',
  '+5215',
])('a number with something else in it is refused, not sent to whoever has what is left: %j', (written) => {
  expect(() => parseChatId(written)).toThrow(expect.objectContaining({ code: 'WAB_ADDRESS_INVALID' }));
  expect(() => parsePhone(written)).toThrow(expect.objectContaining({ code: 'WAB_PHONE_INVALID' }));
});
