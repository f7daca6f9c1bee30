/** How schemas of the contract are written: closed objects, one form of enum, and the parts that many of them share. */
import Type, { type Static, type TEnum, type TProperties, type TSchema, type TSchemaOptions } from 'typebox';

/** An object that refuses fields it does not name. */
export const object = <const Properties extends TProperties>(properties: Properties, options: TSchemaOptions = {}) =>
  Type.Object(properties, { additionalProperties: false, ...options });

/** One of several fixed strings. */
export const literals = <const Values extends readonly string[]>(
  values: Values,
  options: TSchemaOptions = {},
): TEnum<[...Values]> => Type.Enum<[...Values]>([...values], options);

export const nullable = <Schema extends TSchema>(schema: Schema, options: TSchemaOptions = {}) =>
  Type.Union([schema, Type.Null()], options);

/** A list in an answer: services hand out read-only ones. */
export const listOf = <Schema extends TSchema>(schema: Schema) =>
  Type.Unsafe<readonly Static<Schema>[]>(Type.Array(schema));

/** A string that is known by its brand, such as an id. */
export const branded = <Brand extends string>() => Type.Unsafe<Brand>(Type.String());

/** A moment, as ISO 8601 in UTC. */
export const Timestamp = Type.String({ format: 'date-time' });
