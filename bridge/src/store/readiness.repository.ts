/** A write that changes nothing and still has to reach the disk: what readiness asks of the database. */
import { defineOperation } from './operation.ts';

export const touchLog = defineOperation('readiness.touch', async (db): Promise<void> => {
  await db
    .updateTable('log_meta')
    .set((eb) => ({ horizon: eb.ref('horizon') }))
    .execute();
});

export const readinessOperations = [touchLog] as const;
