import Type from 'typebox';
import { textField } from '../fields.ts';
import { kind } from '../kind.ts';
import { nullable } from '../schema.ts';

/** Ours, in UTF-16 code units: WhatsApp names no limit. */
const MAX_PLACE_LENGTH = 1_000;

const position = {
  latitude: Type.Number({ minimum: -90, maximum: 90, description: 'degrees; negative south of the equator' }),
  longitude: Type.Number({ minimum: -180, maximum: 180, description: 'degrees; negative west of Greenwich' }),
};

/** As an engine reports it, and as a request asks for it. */
export interface ReportedLocation {
  readonly latitude: number;
  readonly longitude: number;
  readonly name?: string | null;
  readonly address?: string | null;
}

export const location = kind({
  kind: 'location',
  description: 'A place.',
  fields: {
    ...position,
    name: nullable(Type.String(), { description: 'the name of the place' }),
    address: nullable(Type.String(), { description: 'the address of the place' }),
  },
  toFields: ({ name = null, address = null, ...rest }: ReportedLocation) => ({ ...rest, name, address }),
  send: {
    ...position,
    name: Type.Optional(
      textField('visible', { maxLength: MAX_PLACE_LENGTH, description: 'the name of the place, on one line' }),
    ),
    address: Type.Optional(
      textField('visible', {
        maxLength: MAX_PLACE_LENGTH,
        description: 'the address of the place, shown below its name',
      }),
    ),
  },
  file: null,
  example: {
    latitude: 52.516275,
    longitude: 13.377704,
    name: 'Brandenburg Gate',
    address: 'Pariser Platz, 10117 Berlin',
  },
});
