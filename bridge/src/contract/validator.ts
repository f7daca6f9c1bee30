/** Validators of schemas, compiled when they are first needed: a process knows many schemas and meets few of them. */
import type { TSchema } from 'typebox';
import { Validator } from 'typebox/compile';

type Nothing = Record<never, never>;

/** @returns a function that gives the validator of the schema, always the same one */
export function validatorOf<const Schema extends TSchema>(schema: Schema): () => Validator<Nothing, Schema> {
  let validator: Validator<Nothing, Schema> | undefined;
  return () => (validator ??= new Validator<Nothing, Schema>({}, schema));
}
