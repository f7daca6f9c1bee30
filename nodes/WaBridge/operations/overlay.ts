/**
 * Words and layout of an operation in the editor, beside the table of operations. Everything in an overlay is optional: what
 * it does not say follows from the table.
 */
import type { FieldEntry, OperationEntry } from '../../shared/operation-table';
import type { OPERATIONS } from '../../shared/operations.generated';

type Operations = typeof OPERATIONS;
export type OperationId = keyof Operations;
/** The table, as code sees it that treats all operations alike. */
export type OperationTable = Readonly<Record<string, OperationEntry>>;

interface ChoiceWords {
  readonly name: string;
  readonly description: string;
}

export interface FieldWords<Choice extends string = string> {
  /** Name of the parameter in saved workflows, if it is not that of the field. */
  readonly parameter?: string;
  readonly displayName?: string;
  readonly description?: string;
  readonly placeholder?: string;
  readonly default?: string | number | boolean;
  /** Whether the field is always visible or below "Options". By default, optional fields are below "Options". */
  readonly place?: Place;
  readonly choices?: { readonly [Value in Choice]?: ChoiceWords };
  /** The error if a value that is needed is missing. */
  readonly missing?: string;
}

export type Place = 'visible' | 'options';

interface Words<Fields> {
  /** Value of the parameter `operation` in saved workflows, if it is not the verb of the operation's id. */
  readonly value?: string;
  readonly name?: string;
  /** The sentence in the list of actions, which an AI agent reads as well. */
  readonly action?: string;
  readonly description?: string;
  readonly fields?: Fields;
}

type ChoiceOf<Field> = Field extends { readonly enum: readonly (infer Value extends string)[] } ? Value : never;
type FieldsOf<Id extends OperationId> = Operations[Id]['fields'];

/** Words of fields of an operation. */
export type WordsOfFields<Id extends OperationId> = {
  readonly [Field in keyof FieldsOf<Id>]?: FieldWords<ChoiceOf<FieldsOf<Id>[Field]>>;
};

/** An overlay that names an operation, a field or a choice that does not exist does not compile. */
export type Overlays = { readonly [Id in OperationId]?: Words<WordsOfFields<Id>> };

/** Names of the fields that one or more of several operations have. */
export type FieldOfAny<Id extends OperationId> = Id extends OperationId ? keyof FieldsOf<Id> : never;

type ResourceOf<Id extends OperationId> = Id extends `${infer Resource}.${string}` ? Resource : never;
/** One operation of each resource. */
export type OnePerResource = {
  readonly [Resource in ResourceOf<OperationId>]: Extract<OperationId, `${Resource}.${string}`>;
};

/** An overlay, as code sees it that treats all operations alike. */
export type OperationWords = Words<Readonly<Record<string, FieldWords | undefined>>>;

/** A field of an operation with its words. */
export interface Field {
  readonly name: string;
  readonly entry: FieldEntry;
  readonly words: FieldWords;
  readonly operation: OperationEntry;
}
