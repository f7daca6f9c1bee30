import Type from 'typebox';
import { textField } from '../fields.ts';
import { kind } from '../kind.ts';

/** WhatsApp's limits: texts in UTF-16 code units, and how many options there may be. */
const MAX_QUESTION_LENGTH = 255;
const MAX_OPTION_LENGTH = 100;
const OPTIONS = { minItems: 2, maxItems: 12 };

/** As an engine reports it, and as a request asks for it. */
export interface ReportedPoll {
  readonly question: string;
  readonly options: string[];
  readonly allowMultipleAnswers?: boolean;
}

/** A vote names an option by the hash of its text, so that two options of one text could not be told apart. */
export const poll = kind({
  kind: 'poll',
  description: 'A question with options to choose from.',
  fields: {
    question: Type.String(),
    options: Type.Array(Type.String()),
    allowMultipleAnswers: Type.Boolean({ description: 'whether a person may choose several options' }),
  },
  toFields: ({ allowMultipleAnswers = false, ...poll }: ReportedPoll) => ({ ...poll, allowMultipleAnswers }),
  send: {
    question: textField('visible', { maxLength: MAX_QUESTION_LENGTH }),
    options: Type.Array(textField('visible', { maxLength: MAX_OPTION_LENGTH }), {
      ...OPTIONS,
      uniqueItems: true,
      description: 'what people can choose, each text once',
    }),
    allowMultipleAnswers: Type.Optional(
      Type.Boolean({ default: false, description: 'whether a person may choose several options' }),
    ),
  },
  file: null,
  example: { question: 'When shall we deliver?', options: ['Monday', 'Tuesday'], allowMultipleAnswers: false },
});
