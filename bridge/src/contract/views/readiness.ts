/** Whether the bridge can do its work: every check passes and it is not shutting down. */
import Type, { type Static } from 'typebox';
import { object } from '../schema.ts';

export const ReadinessReport = object({
  ready: Type.Boolean(),
  checks: Type.Record(Type.String(), Type.String({ description: '`ok`, or a description of the problem' })),
});
export type ReadinessReport = Static<typeof ReadinessReport>;
