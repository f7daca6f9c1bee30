/** What holds for every operation, whoever asks and over which surface. */
import { expect, test } from '@jest/globals';
import type { Principal } from '../../../bridge/src/auth/keys.ts';
import { roleOf } from '../../../bridge/src/contract/fields.ts';
import { SESSION_NAME_PATTERN, type KeyId, type SessionName } from '../../../bridge/src/contract/ids.ts';
import type { Operation } from '../../../bridge/src/contract/operation.ts';
import { OPERATIONS } from '../../../bridge/src/contract/operations/operations.ts';
import { ALL_SCOPES } from '../../../bridge/src/contract/scopes.ts';
import { DRIVER_OPERATIONS } from '../../../bridge/src/engine/sandbox/driver/driver.ts';
import type { Handlers } from '../../../bridge/src/operations/handler.ts';
import { checkReferences, perform } from '../../../bridge/src/operations/perform.ts';

const holderOf = (...sessions: readonly string[]): Principal => ({
  keyId: 'TESTKEY1' as KeyId,
  scopes: new Set(ALL_SCOPES),
  sessions: new Set(sessions as readonly SessionName[]),
  expiresAt: null,
});

/** Handlers that say which operation they were called for. */
const handlers = Object.fromEntries(OPERATIONS.map(({ id }) => [id, () => id])) as unknown as Handlers;

const aboutSessions = OPERATIONS.flatMap((operation) => {
  const fields = Object.entries(operation.input.properties).filter(([, schema]) => roleOf(schema) === 'session');
  return fields.map(([field]) => [operation.id, { operation, input: { [field]: 'support' } }] as const);
});

test('operations on a session name it', () => {
  expect(aboutSessions.map(([id]) => id)).toEqual(expect.arrayContaining(['session.add', 'session.get']));
});

test.each(aboutSessions)('%s is carried out only for a key that may use the session', async (id, one) => {
  await expect(perform(handlers, one.operation, one.input, holderOf('support'))).resolves.toBe(id);
  await expect(perform(handlers, one.operation, one.input, holderOf('sales'))).rejects.toMatchObject({
    code: 'WAB_SESSION_NOT_ALLOWED',
  });
});

test.each(DRIVER_OPERATIONS.map((operation: Operation) => [operation.id, operation] as const))(
  '%s is carried out only for a key that may use the session',
  (_id, operation) => {
    const checked = (session: string): void => checkReferences(operation, { session: 'support' }, holderOf(session));
    expect(() => checked('support')).not.toThrow();
    expect(() => checked('sales')).toThrow(expect.objectContaining({ code: 'WAB_SESSION_NOT_ALLOWED' }));
  },
);

test('a field that is written like a session name is marked as one', () => {
  const unmarked = [...OPERATIONS, ...DRIVER_OPERATIONS].flatMap(({ id, input }: Operation) =>
    Object.entries(input.properties as Record<string, { pattern?: string }>)
      .filter(([, schema]) => schema.pattern === SESSION_NAME_PATTERN && roleOf(schema) !== 'session')
      .map(([field]) => `${id} ${field}`),
  );
  expect(unmarked).toEqual([]);
});

test('a session that may be left out is not required', async () => {
  const list = OPERATIONS.find(({ id }) => id === 'outbox.list')!;
  await expect(perform(handlers, list, {}, holderOf('sales'))).resolves.toBe('outbox.list');
});
