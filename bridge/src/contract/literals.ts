/** A schema for one of several fixed strings. */
export { literals } from './schema.ts';
