/** Every form of every country's numbers, as it was copied, goes through the fields of the nodes. */
import { expect, test } from '@jest/globals';
import { splitAddresses } from '../../nodes/shared/addresses';
import { chatField } from '../../nodes/shared/chat-field';
import { dressed, EXAMPLE_NUMBERS } from '../bridge/contract/example-numbers';

const written = EXAMPLE_NUMBERS.flatMap(({ forms }) => forms.flatMap(dressed));

/** The pattern that n8n holds against the whole of what is typed. */
function patternOf(mode: 'phone' | 'id'): RegExp {
  const [check] = chatField.modes!.find(({ name }) => name === mode)!.validation!;
  return new RegExp(`^${(check as unknown as { properties: { regex: string } }).properties.regex}$`);
}

test('the field of a chat takes them', () => {
  const [phone, id] = [patternOf('phone'), patternOf('id')];
  const refused = written.filter((each) => !(each.includes('@') ? id : phone).test(each));
  expect(refused).toEqual([]);
  for (const wrong of ['hello', '+49 151 1234567O', '0151 x']) expect(phone.test(wrong)).toBe(false);
});

test('whichever mode is chosen, the editor says what an empty chat means', () => {
  for (const { hint } of chatField.modes!) expect(hint).toContain("the chat of the trigger's event");
});

test('a list of people has each without its marks', () => {
  for (const { forms } of EXAMPLE_NUMBERS)
    for (const digits of forms) {
      const people = splitAddresses(dressed(digits).join(', '));
      expect(people).toEqual([`+${digits}`, `${digits}@c.us`, `${digits}@s.whatsapp.net`]);
    }
});
