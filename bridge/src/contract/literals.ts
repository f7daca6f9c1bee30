/** A schema for one of several fixed strings. */
import Type, { type TLiteral, type TUnion } from 'typebox';

type LiteralsOf<Values extends readonly string[]> = { -readonly [Index in keyof Values]: TLiteral<Values[Index]> };

/** A union of literals that keeps its members' types; one built by `map` alone has lost them. */
export const literals = <const Values extends readonly string[]>(values: Values): TUnion<LiteralsOf<Values>> =>
  Type.Union(values.map((value) => Type.Literal(value))) as unknown as TUnion<LiteralsOf<Values>>;
