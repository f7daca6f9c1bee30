/**
 * How an operation of the sandbox's driver is defined. Each has one file, with what carries it out. HTTP routes, documentation
 * and the form in which it reaches a network in another process follow from it, as with the operations of the contract;
 * these are kept with the sandbox because they are not WhatsApp: they are what people and servers do to a simulated phone.
 */
import type { Static, TObject, TSchema } from 'typebox';
import type { ErrorCode } from '../../../contract/errors.ts';
import { operation, type Operation, type ResultOf } from '../../../contract/operation.ts';
import type { PhoneAccount } from '../phone-account.ts';

/** Its input, without the session, which decides whose account is driven. */
type Asked<Input extends TObject> = Omit<Static<Input>, 'session'>;

export interface DriverOperation<
  Id extends string = string,
  Input extends TObject = TObject,
  Result extends TSchema = TSchema,
> extends Operation<Id, Input, Result> {
  /** @param asked valid */
  carryOut(account: PhoneAccount, asked: Asked<Input>): Answer<Id, Input, Result> | Promise<Answer<Id, Input, Result>>;
}
type Answer<Id extends string, Input extends TObject, Result extends TSchema> = ResultOf<Operation<Id, Input, Result>>;

export type AskedOf<Defined extends DriverOperation> = Asked<Defined['input']>;

/** What every one of them can be refused with: by the guard in front of the network, or by a network in another process. */
const ERRORS_OF_ALL = [
  'WAB_SESSION_NOT_FOUND',
  'WAB_SANDBOX_ONLY',
  'WAB_ENGINE_NOT_ENABLED',
  'WAB_SANDBOX_NETWORK_VERSION',
  'WAB_SANDBOX_MEMORY_UNKNOWN',
] as const satisfies readonly ErrorCode[];

/** The same for all of them. */
const COMMON = { via: 'bridge', scope: 'sessions:manage', tag: 'sandbox (simulated)' } as const;
type Derived = keyof typeof COMMON | 'operationId';

/**
 * Defines an operation of the driver. Its name in the OpenAPI document follows from its id; its errors are those that only
 * it has.
 */
export const driverOperation = <const Id extends `sandbox.${string}`, Input extends TObject, Result extends TSchema>({
  carryOut,
  errors,
  ...definition
}: Omit<DriverOperation<Id, Input, Result>, Derived>): DriverOperation<Id, Input, Result> => ({
  ...operation<Id, Input, Result, 'bridge'>({
    ...COMMON,
    ...definition,
    errors: [...ERRORS_OF_ALL, ...errors],
    operationId: operationIdOf(definition.id),
  }),
  carryOut,
});

/** `sandbox.setFaults` is `sandboxSetFaults`. */
const operationIdOf = (id: string): string => id.replace(/\.(\w)/, (_dot, first: string) => first.toUpperCase());
