/** How a field of an operation looks in the editor, and how its value is read. What it refers to or its type decides. */
import {
  NodeOperationError,
  type IExecuteFunctions,
  type INodeProperties,
  type INodePropertyOptions,
} from 'n8n-workflow';
import { splitAddresses } from '../../shared/addresses';
import { chatField, requiredChatField } from '../../shared/chat-field';
import type { FieldRole, OperationEntry, ValueEntry } from '../../shared/operation-table';
import { optionalSessionField, sessionField } from '../../shared/session-field';
import { asText } from '../../shared/text';
import { descriptionOf, phraseOf, titleOf } from '../../shared/words';
import type { Field, Place } from './overlay';
import { locatorValue, readChat, readSession } from './parameters';
import { partOf } from './request';
import { booleanFrom, jsonFrom, linesFrom, numberFrom, Unusable } from './values';

export interface Widget {
  readonly property: INodeProperties;
  readonly place: Place;
  /** The value for one item; undefined leaves the field out. @throws NodeOperationError if it cannot be used */
  read(context: IExecuteFunctions, itemIndex: number): unknown;
}

/** Parameters that an operation has besides its fields. A field of the same name gets another one. */
export const RESERVED = [
  'resource',
  'operation',
  'options',
  'session',
  'chat',
  'wait',
  'waitSeconds',
  'sendWithinMinutes',
  'idempotencyKey',
  'binaryPropertyName',
] as const;
const isReserved = (name: string): boolean => (RESERVED as readonly string[]).includes(name);

const BY_ROLE: Readonly<Record<FieldRole, (field: Field) => Widget | null>> = {
  session: sessionWidget,
  recipient: (field) => locator(chatField, field, readChat),
  chat: personWidget,
  message: messageWidget,
  media: fileWidget,
  fileName: textWidget,
  // Everything that goes through the outbox has "Send Within".
  expiry: (field) => (field.operation.carrier === 'outbox' ? null : numberWidget(field)),
};

const BY_TYPE: Readonly<Record<ValueEntry['type'], (field: Field) => Widget>> = {
  string: (field) => (field.entry.enum === undefined ? textWidget(field) : choiceWidget(field)),
  integer: numberWidget,
  number: numberWidget,
  boolean: booleanWidget,
  array: listWidget,
  object: jsonWidget,
};

/** The name of the field with a role, if the operation has one. */
export const fieldWith = ({ fields }: OperationEntry, role: FieldRole): string | undefined =>
  Object.keys(fields).find((name) => fields[name]?.role === role);

/** Null if the operation has another field for it. */
export function widgetOf(field: Field): Widget | null {
  const { role, type } = field.entry;
  return role === undefined ? BY_TYPE[type](field) : BY_ROLE[role](field);
}

function sessionWidget(field: Field): Widget {
  const { carrier } = field.operation;
  // What an engine does, it does for an account, which may be that of the event. What the bridge does with a session itself,
  // such as stopping it, is never done with one that nobody named.
  if (carrier !== 'bridge') return locator(optionalSessionField, field, readSession);
  return locator({ ...sessionField, required: field.entry.required }, field, (context, itemIndex) => {
    const named = locatorValue(context, 'session', itemIndex);
    return named === '' && !field.entry.required ? undefined : named;
  });
}

/** A picker that has the same name in every operation. */
function locator(property: INodeProperties, { words }: Field, read: Widget['read']): Widget {
  const { displayName = property.displayName, description = property.description } = words;
  return {
    property: { ...property, displayName, ...(description === undefined ? {} : { description }) },
    place: 'visible',
    read,
  };
}

/** A person or group besides the chat in which the operation happens. */
function personWidget(field: Field): Widget {
  if (!field.entry.required) return textWidget(field);
  const { name, displayName, description } = commonOf(field);
  const property = { ...requiredChatField, name, displayName, ...(description === undefined ? {} : { description }) };
  return {
    property,
    place: 'visible',
    read: (context, itemIndex) => checked(field, context, itemIndex, locatorValue(context, name, itemIndex)),
  };
}

function messageWidget(field: Field): Widget {
  return textWidget({ ...field, words: { placeholder: 'e.g. {{ $json.messageId }}', ...field.words } });
}

/** The file itself, which is uploaded; its media id follows from it. */
function fileWidget({ words }: Field): Widget {
  return {
    property: {
      displayName: words.displayName ?? 'Input Binary Field',
      name: 'binaryPropertyName',
      type: 'string',
      default: 'data',
      required: true,
      hint: words.description ?? 'The name of the input binary field that holds the file to be sent',
    },
    place: 'visible',
    read: () => undefined,
  };
}

function textWidget(field: Field): Widget {
  const { rule, role, maxLength = 0 } = field.entry;
  const isProse = (rule === 'visible' || rule === 'visible or empty') && role === undefined;
  const rows = isProse && maxLength > LONG_TEXT ? { typeOptions: { rows: 3 } } : {};
  return widget(field, { type: 'string', default: '', ...rows }, (value) => {
    // Blanks around an id or an emoji are never meant; those of a text are the author's.
    const text = isProse ? asText(value) : asText(value).trim();
    if (text !== '') return text;
    if (field.entry.nullable === true && field.entry.required) return null;
    return field.entry.required ? text : undefined;
  });
}

/** Texts that may be longer than this are written in several rows, in UTF-16 code units. */
const LONG_TEXT = 1_000;

function choiceWidget(field: Field): Widget {
  const options = choicesOf(field.entry.enum ?? [], field);
  return widget(field, { type: 'options', options, default: field.entry.enum?.[0] ?? '' }, asText);
}

function numberWidget(field: Field): Widget {
  const { type, minimum, maximum, required } = field.entry;
  const typeOptions = {
    ...(minimum === undefined ? {} : { minValue: minimum }),
    ...(maximum === undefined ? {} : { maxValue: maximum }),
    ...(type === 'integer' ? { numberPrecision: 0 } : {}),
  };
  // A number that somebody has to decide on must not look decided.
  return widget(field, { type: 'number', typeOptions, default: required ? '' : (minimum ?? 0) }, numberFrom);
}

function booleanWidget(field: Field): Widget {
  return widget(field, { type: 'boolean', default: false }, booleanFrom);
}

function listWidget(field: Field): Widget {
  const { items, required } = field.entry;
  const unlessEmpty = <Item>(list: readonly Item[]): readonly Item[] | undefined =>
    list.length === 0 && !required ? undefined : list;
  if (items?.enum !== undefined) {
    const options = choicesOf(items.enum, field);
    return widget(field, { type: 'multiOptions', options, default: [] }, (value) => unlessEmpty(linesFrom(value)));
  }
  if (items?.role === 'chat') {
    return widget(field, { type: 'string', default: '', placeholder: 'e.g. +49 151 12345678' }, (value) =>
      unlessEmpty(splitAddresses(linesFrom(value).join('\n'))),
    );
  }
  if (items?.type !== 'string') return jsonWidget(field);
  const hint = 'One per line. An expression may also return a list.';
  return widget(field, { type: 'string', typeOptions: { rows: 4 }, default: '', hint }, (value) =>
    unlessEmpty(linesFrom(value)),
  );
}

function jsonWidget(field: Field): Widget {
  return widget(field, { type: 'json', default: field.entry.type === 'array' ? '[]' : '{}' }, jsonFrom);
}

const choicesOf = (values: readonly string[], { words }: Field): INodePropertyOptions[] =>
  values
    .map((value) => ({ name: titleOf(value), value, ...words.choices?.[value] }))
    .sort((a, b) => a.name.localeCompare(b.name));

/** A parameter of a field's own, from its schema and words. */
function widget(
  field: Field,
  look: Pick<INodeProperties, 'type' | 'default'> & Partial<INodeProperties>,
  convert: (value: unknown) => unknown,
): Widget {
  const { words, entry } = field;
  const common = commonOf(field);
  const place = words.place ?? (entry.required ? 'visible' : 'options');
  const isNeeded = entry.required && entry.nullable !== true && entry.rule?.endsWith('or empty') !== true;
  const property = {
    ...look,
    ...common,
    default: words.default ?? entry.default ?? look.default,
    ...(isNeeded && look.type !== 'boolean' && look.type !== 'options' ? { required: true } : {}),
  };
  const read = (context: IExecuteFunctions, itemIndex: number): unknown => {
    const value = parameterOf(context, itemIndex, property, place);
    const isGiven = value !== undefined && value !== null;
    return isGiven || (entry.required && place === 'visible')
      ? checked(field, context, itemIndex, value, convert)
      : undefined;
  };
  return { property, place, read };
}

/** The value of a parameter; undefined for an option that was not added. */
function parameterOf(
  context: IExecuteFunctions,
  itemIndex: number,
  { name, default: preset }: INodeProperties,
  place: Place,
): unknown {
  if (place === 'visible') return context.getNodeParameter(name, itemIndex, preset);
  return (context.getNodeParameter('options', itemIndex, {}) as Record<string, unknown>)[name];
}

/** @throws NodeOperationError that names the field, if its value is missing or cannot be used */
function checked(
  field: Field,
  context: IExecuteFunctions,
  itemIndex: number,
  value: unknown,
  convert: (value: unknown) => unknown = (same) => same,
): unknown {
  const { entry, name, operation, words } = field;
  const { displayName } = commonOf(field);
  const converted = convert(value);
  if (converted instanceof Unusable) {
    throw new NodeOperationError(context.getNode(), `${displayName} ${converted.problem}`, { itemIndex });
  }
  // Without it, the request would be another one, or about nothing.
  const isVital = entry.role !== undefined || partOf(operation, name) === 'path';
  if (converted !== '' || !entry.required || !isVital) return converted;
  const provided = entry.role === 'message' ? 'The trigger provides it: {{ $json.messageId }}. ' : '';
  throw new NodeOperationError(context.getNode(), words.missing ?? `${displayName} is missing`, {
    itemIndex,
    description: `${provided}If the field has an expression, the expression returned nothing for this item.`,
  });
}

/** What all parameters of an operation's own say. */
function commonOf({
  name,
  entry,
  words,
}: Field): Pick<INodeProperties, 'name' | 'displayName' | 'description' | 'placeholder'> {
  const { displayName = titleOf(name), description = descriptionFrom(name, entry), placeholder } = words;
  return {
    displayName,
    name: words.parameter ?? (isReserved(name) ? `${name}Value` : name),
    description,
    ...(placeholder === undefined ? {} : { placeholder }),
  };
}

function descriptionFrom(name: string, { type, description }: Field['entry']): string {
  if (type !== 'boolean') return descriptionOf(description ?? `The ${phraseOf(name)}`);
  if (description === undefined) return `Whether to ${phraseOf(name)}`;
  return descriptionOf(/^whether\b/i.test(description) ? description : `whether ${description}`);
}
