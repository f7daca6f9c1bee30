/** Options for what a message says, by the kinds of the catalogue: each field that only some kinds have is one. */
import { Option } from 'commander';
import { kindOf, MESSAGE_KINDS } from '../contract/kinds.ts';
import { receive } from '../engine/sandbox/driver/receive.ts';
import { optionsOf } from './fields.ts';

/** They have an argument and `--file`. */
const USUAL = ['text', 'media'];
const FIELDS = Object.keys(receive.input.properties).filter(
  (field) => !USUAL.includes(field) && MESSAGE_KINDS.some((kind) => field in kindOf(kind).fields),
);

/** `--kind`, and an option for each field that a text or a file does not have. */
export const contentOptions = (): readonly Option[] => [
  new Option('--kind <kind>', 'the kind of message, if it is neither a text nor a file').choices(MESSAGE_KINDS),
  ...FIELDS.flatMap((field) => optionsOf(receive, field)),
];

/** The content that these options state, among others. */
export const contentIn = (options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(options).filter(([name]) => name === 'kind' || FIELDS.includes(name)));
