/** A connection to PostgreSQL, for questions that both kinds of database answer. */
import { CompiledQuery } from 'kysely';
import type { Queries } from '../copy/copy-mark.ts';
import type { PostgresConnection } from './connection.ts';

export class PostgresQueries implements Queries {
  protected readonly connection: PostgresConnection;

  constructor(connection: PostgresConnection) {
    this.connection = connection;
  }

  async tables(): Promise<readonly string[]> {
    const rows = await this.query<{ name: string }>(
      'SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()',
    );
    return rows.map(({ name }) => name);
  }

  async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    let count = 0;
    const numbered = sql.replaceAll('?', () => `$${++count}`);
    return (await this.connection.executeQuery<Row>(CompiledQuery.raw(numbered, [...parameters]))).rows;
  }
}
