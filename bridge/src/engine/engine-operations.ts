/**
 * What an engine is asked to carry out, and what it answers: both follow from the definition of the operation. Each engine has
 * one file per operation, `engine/<engine>/operations/<resource>/<verb>.ts`, and can do what it has a file for.
 */
import type { Static, TObject } from 'typebox';
import { type AnyInput, fieldsOf } from '../contract/field-checks.ts';
import { type HasRole, itemsOf, type Role, roleOf } from '../contract/fields.ts';
import type { ChatId, MessageId } from '../contract/ids.ts';
import type { ResultOf } from '../contract/operation.ts';
import {
  ENGINE_OPERATIONS,
  type EngineOperation,
  type EngineOperationId,
  type OutboxOperation,
} from '../contract/operations/by-carrier.ts';
import { parseChatId } from '../contract/whatsapp-id.ts';

/** A readable file for a send; opened again for each attempt. */
export interface OutgoingFile {
  readonly path: string;
  readonly mimeType: string;
  readonly sizeBytes: number;
  readonly fileName: string;
}

export interface SendReceipt {
  /** Of an operation that sends no message: the message that it is about. */
  readonly messageId: MessageId;
  readonly sentAt: Date;
}

type DefinitionOf<Id extends EngineOperationId> = Extract<EngineOperation, { readonly id: Id }>;
type Fields<Id extends EngineOperationId> = DefinitionOf<Id>['input']['properties'];
type With<Schema, R extends Role, Yes> = Schema extends HasRole<R> ? Yes : never;
/** Fields that are not the engine's business, or that it gets in another form. */
type Elsewhere = HasRole<'session' | 'recipient' | 'media' | 'fileName' | 'expiry'>;
type Resolved<Schema, Value> =
  Schema extends HasRole<'message'>
    ? MessageId
    : Schema extends HasRole<'chat'>
      ? ChatId
      : Schema extends { readonly items: HasRole<'chat'> }
        ? readonly ChatId[]
        : Value;
type InputOfFields<Properties extends TObject['properties'], Given = Static<TObject<Properties>>> = {
  readonly [Field in keyof Given as Properties[Field & string] extends Elsewhere ? never : Field]: Resolved<
    Properties[Field & string],
    Given[Field]
  >;
} & {
  readonly [Field in keyof Properties as With<Properties[Field], 'recipient', 'chatId'>]: ChatId;
} & {
  readonly [Field in keyof Properties as With<Properties[Field], 'media', 'file'>]: OutgoingFile;
};

/**
 * What an engine gets of an input: the recipient as `chatId`, the id that WhatsApp gave; mentioned people by their ids; its
 * file, readable; other fields as they are.
 */
export type EngineInput<Id extends EngineOperationId = EngineOperationId> = Id extends EngineOperationId
  ? InputOfFields<Fields<Id>>
  : never;
/** What it answers. */
export type EngineResult<Id extends EngineOperationId> = Id extends OutboxOperation['id']
  ? SendReceipt
  : ResultOf<DefinitionOf<Id>>;

/** What fields of an input refer to. */
export interface References {
  readonly chatId: ChatId;
  readonly file: OutgoingFile | null;
}

/** The input of an operation as an engine gets it. @param input valid */
export function engineInputOf<Defined extends EngineOperation>(
  operation: Defined,
  input: AnyInput,
  { chatId, file }: References,
): EngineInput<Defined['id']> {
  const resolved: Record<string, unknown> = {};
  for (const { name, schema, value } of fieldsOf(operation, input)) {
    const role = roleOf(schema);
    const item = itemsOf(schema);
    if (role === 'recipient') resolved['chatId'] = chatId;
    else if (role === 'media') resolved['file'] = fileFor(file, operation.id);
    else if (item && roleOf(item) === 'chat') resolved[name] = (value as readonly string[]).map(parseChatId);
    else if (role === 'chat') resolved[name] = parseChatId(value as string);
    else if (role === undefined || role === 'message') resolved[name] = value;
  }
  // The loop does to the fields what the type does to their types.
  return resolved as unknown as EngineInput<Defined['id']>;
}

function fileFor(file: OutgoingFile | null, operation: string): OutgoingFile {
  if (!file) throw new Error(`${operation} needs its file`);
  return file;
}

/** What carries an operation out in an engine. */
export interface EngineHandler<Run, Id extends EngineOperationId = EngineOperationId> {
  readonly id: Id;
  /**
   * Carries it out once. A method, whose parameters are compared both ways, so that one list holds handlers of all inputs.
   *
   * @param run what the engine has while it is connected
   * @param messageId the id to send under, chosen beforehand; null if the engine cannot choose, and for what sends no message
   * @throws EngineError whose `outcome` says what is known of it
   */
  carryOut(run: Run, input: EngineInput<Id>, messageId: MessageId | null): Promise<EngineResult<Id>>;
}

/** The handlers of an engine by operation. */
export class EngineHandlers<Run> {
  /** Ids of what the engine can do, in the order of the catalogue. */
  readonly ids: readonly EngineOperationId[];
  readonly #byId: ReadonlyMap<string, EngineHandler<Run>>;

  constructor(handlers: readonly EngineHandler<Run>[]) {
    this.#byId = new Map(handlers.map((handler) => [handler.id, handler]));
    this.ids = ENGINE_OPERATIONS.map(({ id }) => id).filter((id) => this.#byId.has(id));
  }

  /** @throws as `EngineHandler.carryOut`; Error for an operation that the engine does not have, which nobody may ask for */
  async carryOut<Id extends EngineOperationId>(
    run: Run,
    id: Id,
    input: EngineInput<Id>,
    messageId: MessageId | null,
  ): Promise<EngineResult<Id>> {
    const handler = this.#byId.get(id);
    if (!handler) throw new Error(`this engine has no handler for ${id}`);
    // The handler found under an id is the one of that id.
    return (await handler.carryOut(run, input, messageId)) as EngineResult<Id>;
  }
}
