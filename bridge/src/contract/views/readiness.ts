/** Whether the bridge can do its work: no check fails and it is not shutting down. */
import Type, { type Static } from 'typebox';
import { object } from '../schema.ts';

export const ReadinessReport = object({
  ready: Type.Boolean(),
  checks: Type.Record(
    Type.String(),
    Type.String({
      description:
        '`ok`, or a description of the problem; one that begins with `degraded` does not keep the bridge from working',
    }),
  ),
});
export type ReadinessReport = Static<typeof ReadinessReport>;
