/** What a person can write, in WhatsApp's own terms. */
import { randomBytes } from 'node:crypto';
import type { Extra, WireMedia, WireMessage } from './frames.ts';

export interface Content {
  /** WhatsApp's type: `chat`, `image`, `document`, `location`, `vcard`, `poll_creation` … */
  readonly type: string;
  readonly body?: string | undefined;
  readonly caption?: string | undefined;
  readonly mentions?: readonly string[];
  readonly quoted?: WireMessage['quoted'];
  readonly media?: WireMedia | undefined;
  readonly extra?: Extra | undefined;
}

/** A place; its name and address stand in one string, on a line each. */
export function location(latitude: number, longitude: number, name?: string, address?: string): Content {
  const loc = [name, address].filter((line) => line !== undefined).join('\n');
  return { type: 'location', extra: { lat: latitude, lng: longitude, ...(loc === '' ? {} : { loc }) } };
}

/** The card of one person. @param phone digits only */
export function contactCard(name: string, phone: string): Content {
  return { type: 'vcard', body: vcard(name, phone), extra: { vcardFormattedName: name } };
}

/** The cards of several people, as pairs of name and phone. */
export function contactCards(people: readonly (readonly [name: string, phone: string])[]): Content {
  const vcardList = people.map(([name, phone]) => ({ displayName: name, vcard: vcard(name, phone) }));
  return { type: 'multi_vcard', extra: { vcardList } };
}

export function poll(name: string, options: readonly string[], allowMultipleAnswers = false): Content {
  return {
    type: 'poll_creation',
    extra: {
      kind: 'pollCreation',
      pollName: name,
      pollOptions: options.map((option, localId) => ({ name: option, localId })),
      pollSelectableOptionsCount: allowMultipleAnswers ? 0 : 1,
      messageSecret: [...randomBytes(32)],
    },
  };
}

function vcard(name: string, phone: string): string {
  return [
    'BEGIN:VCARD',
    'VERSION:3.0',
    `N:;${name};;;`,
    `FN:${name}`,
    `TEL;type=CELL;waid=${phone}:+${phone}`,
    'END:VCARD',
  ].join('\n');
}
