/** Sessions. */
import { expect, test } from '@jest/globals';
import type { SessionName } from '../../../bridge/src/contract/ids.ts';
import {
  addSession,
  listSessions,
  removeSession,
  setSessionAccount,
  setSessionDesired,
  setSessionProxy,
  setSessionSelf,
  type SessionRow,
} from '../../../bridge/src/store/sessions.repository.ts';
import { BY_BYTES, LARGEST, NOW, reasonOf, SHUFFLED, TEXT } from './samples.ts';
import type { StoreAtTest } from './store-at-test.ts';

const named = (name: string): SessionName => name as SessionName;
const bare = (name: string, now = NOW) =>
  addSession({
    name: named(name),
    engine: 'sandbox',
    proxy: null,
    proxy_login: null,
    settings: null,
    secrets: null,
    now,
  });

export function sessionChecks(at: StoreAtTest): void {
  const onlyRow = async (): Promise<SessionRow> => {
    const rows = await at.read(listSessions);
    expect(rows).toHaveLength(1);
    return rows[0]!;
  };

  test('a session comes back as it was', async () => {
    const columns = {
      proxy: TEXT,
      proxy_login: 'sealed',
      settings: JSON.stringify({ [TEXT]: [1, null] }),
      secrets: '{}',
    };
    await at.write(addSession({ name: named('support'), engine: 'webjs', ...columns, now: LARGEST }));
    expect({ ...(await onlyRow()) }).toEqual({
      name: 'support',
      engine: 'webjs',
      desired: 'running',
      self: null,
      account: null,
      login: 0,
      refusal: null,
      ...columns,
      created_at: LARGEST,
      updated_at: LARGEST,
    });
  });

  test('a name is taken once, also in one commit, and the error of the catalogue says so', async () => {
    const outcomes = await at.together([bare('support'), bare('support', 1), bare('Support')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(reasonOf(outcomes[1]!)).toMatchObject({ code: 'WAB_SESSION_EXISTS', details: { session: 'support' } });
    expect((await at.read(listSessions)).map(({ created_at }) => created_at)).toEqual([NOW, NOW]);
  });

  test('sessions come in the order of their addition, those of one moment by the bytes of their names', async () => {
    await at.write(SHUFFLED.map((name) => bare(name)));
    await at.write(bare('first', 1));
    expect((await at.read(listSessions)).map(({ name }) => name)).toEqual(['first', ...BY_BYTES]);
  });

  test('what is wanted of a session changes, with the reason of a refusal, until it is being removed', async () => {
    await at.write(bare('support'));
    const want = (desired: 'refused' | 'running' | 'deleting', refusal?: string) =>
      setSessionDesired({
        name: named('support'),
        desired,
        ...(refusal === undefined ? {} : { refusal }),
        now: NOW + 1,
      });
    await at.write(want('refused', TEXT));
    expect(await onlyRow()).toMatchObject({ desired: 'refused', refusal: TEXT, updated_at: NOW + 1 });
    await at.write(want('running'));
    expect(await onlyRow()).toMatchObject({ desired: 'running', refusal: null });
    await at.write([want('deleting'), want('running')]);
    expect(await onlyRow()).toMatchObject({ desired: 'deleting' });
    await at.write(setSessionDesired({ name: named('SUPPORT'), desired: 'stopped', now: LARGEST }));
    expect(await onlyRow()).toMatchObject({ desired: 'deleting', updated_at: NOW + 1 });
  });

  test('account, login and proxy are set and taken away again', async () => {
    await at.write(bare('support'));
    const name = named('support');
    const self = JSON.stringify({ chatId: '1@c.us', name: TEXT });
    await at.write([
      setSessionSelf({ name, self, now: NOW + 1 }),
      setSessionAccount({ name, account: self, login: LARGEST, now: NOW + 2 }),
      setSessionProxy({ name, proxy: 'socks5://[::1]:1', proxy_login: TEXT, now: NOW + 3 }),
    ]);
    const set = { self, account: self, login: LARGEST, proxy: 'socks5://[::1]:1', proxy_login: TEXT };
    expect(await onlyRow()).toMatchObject({ ...set, updated_at: NOW + 3, created_at: NOW });
    await at.write([
      setSessionSelf({ name, self: null, now: NOW + 4 }),
      setSessionAccount({ name, account: null, login: 0, now: NOW + 4 }),
      setSessionProxy({ name, proxy: null, proxy_login: null, now: NOW + 4 }),
    ]);
    expect(await onlyRow()).toMatchObject({ self: null, account: null, login: 0, proxy: null, proxy_login: null });
  });

  test('a session that is removed is gone, and its name is free', async () => {
    await at.write([bare('support'), bare('sales')]);
    await at.write([
      removeSession({ name: named('support') }),
      removeSession({ name: named('nobody') }),
      bare('support', 1),
    ]);
    expect((await at.read(listSessions)).map(({ name }) => name)).toEqual(['support', 'sales']);
  });
}
