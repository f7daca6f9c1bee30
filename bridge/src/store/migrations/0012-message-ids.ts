/** What outbox messages quote and react to, and why they wait, under today's names. */
import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // Between a quote and a colon there is only a key: in the text of a message quotes are escaped.
  await sql`
    UPDATE outbox
    SET content = replace(
      replace(content, '"quotedWireId":', '"quotedMessageId":'),
      '"targetWireId":', '"targetMessageId":'
    )
    WHERE content LIKE '%WireId":%'`.execute(db);
  await sql`UPDATE outbox SET error_code = 'WAB_OPERATION_FAILED' WHERE error_code = 'WAB_ACT_NOT_DONE'`.execute(db);
}
