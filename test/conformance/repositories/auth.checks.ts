/** Keys and nonces. */
import { expect, test } from '@jest/globals';
import type { KeyId, SessionName } from '../../../bridge/src/contract/ids.ts';
import {
  addKey,
  allKeys,
  managesKeys,
  pruneNonces,
  registerKey,
  replaceKeys,
  revokeKey,
  touchKeys,
  useNonce,
  type StoredKey,
} from '../../../bridge/src/store/auth.repository.ts';
import { BY_BYTES, LARGEST, NOW, reasonOf, SHUFFLED, TEXT } from './samples.ts';
import type { StoreAtTest } from './store-at-test.ts';

const keyOf = (keyId: string, patch: Partial<StoredKey> = {}): StoredKey => ({
  keyId: keyId as KeyId,
  name: keyId,
  publicKey: 'A'.repeat(43),
  scopes: ['keys:manage'],
  sessions: null,
  notBefore: null,
  expiresAt: null,
  revokedAt: null,
  createdAt: NOW,
  lastUsedAt: null,
  ...patch,
});
const id = (keyId: string): KeyId => keyId as KeyId;

export function authChecks(at: StoreAtTest): void {
  const idsOf = async (): Promise<string[]> => (await at.read(allKeys)).map(({ keyId }) => keyId);
  const keyNamed = async (keyId: string): Promise<StoredKey | undefined> =>
    (await at.read(allKeys)).find((key) => key.keyId === keyId);
  const use = (keyId: string, nonce: string, usableUntil = NOW) => useNonce({ keyId: id(keyId), nonce, usableUntil });

  test('a key comes back as it was, with everything that it can have and with as little as possible', async () => {
    const full = keyOf('full', {
      name: TEXT,
      scopes: ['events:read', 'messages:send'],
      sessions: ['support', 'sales'] as SessionName[],
      notBefore: 0,
      expiresAt: LARGEST,
      revokedAt: LARGEST - 1,
      createdAt: NOW - 1,
      lastUsedAt: LARGEST - 2,
    });
    const bare = keyOf('bare', { scopes: [], sessions: [] });
    expect(await at.write(addKey(full))).toEqual(full);
    await at.write(addKey(bare));
    expect(await at.read(allKeys)).toEqual([full, bare]);
    expect(at.use(managesKeys)((await keyNamed('full'))!, NOW)).toBe(false);
  });

  test('keys come oldest first, and those of one moment in the order of the bytes of their ids', async () => {
    await at.write(SHUFFLED.map((keyId) => addKey(keyOf(keyId))));
    await at.write(addKey(keyOf('oldest', { createdAt: 1 })));
    expect(await idsOf()).toEqual(['oldest', ...BY_BYTES]);
  });

  test('an id is taken once; what is written beside the refused one stays', async () => {
    const outcomes = await at.together([
      addKey(keyOf('same', { name: 'first' })),
      addKey(keyOf('same', { name: 'second' })),
      addKey(keyOf('Same')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await keyNamed('same'))?.name).toBe('first');
    expect(await idsOf()).toEqual(['Same', 'same']);
  });

  test('a registered key gets the scopes of this version, and stays revoked', async () => {
    const operator = keyOf('operator', { scopes: ['events:read'] });
    expect(await at.write(registerKey(operator))).toEqual(operator);
    await at.write(revokeKey({ keyId: operator.keyId, now: NOW }));
    const known = await at.write(registerKey({ ...operator, scopes: ['keys:manage'], name: 'another' }));
    expect(known).toEqual({ ...operator, scopes: ['keys:manage'], revokedAt: NOW });
    expect(await at.read(allKeys)).toEqual([known]);
    await expect(at.write(registerKey({ ...operator, publicKey: 'other' }))).rejects.toThrow(/another public key/);
  });

  test('the last key that manages keys stays, also when two are revoked at once', async () => {
    await at.write(
      ['one', 'two', 'reader'].map((each) => addKey(keyOf(each, each === 'reader' ? { scopes: [] } : {}))),
    );
    await expect(at.write(revokeKey({ keyId: id('none'), now: NOW }))).rejects.toMatchObject({
      code: 'WAB_KEY_NOT_FOUND',
    });
    const outcomes = await at.together(
      ['one', 'two', 'reader'].map((each) => revokeKey({ keyId: id(each), now: NOW })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(reasonOf(outcomes[1]!)).toMatchObject({ code: 'WAB_LAST_MANAGER_KEY' });
    const again = await at.write(revokeKey({ keyId: id('one'), now: NOW + 1 }));
    expect(again.revokedAt).toBe(NOW);
    const managers = (await at.read(allKeys)).filter((key) => at.use(managesKeys)(key, NOW));
    expect(managers.map(({ keyId }) => keyId)).toEqual(['two']);
  });

  test('a new key takes the place of the valid ones of exactly its name', async () => {
    for (const [keyId, name, revokedAt] of [
      ['k1', 'desk', null],
      ['k2', 'desk', 5],
      ['k3', 'Desk', null],
      ['k4', 'desk', null],
    ] as const)
      await at.write(addKey(keyOf(keyId, { name, revokedAt })));
    const revoked = await at.write(replaceKeys(keyOf('k5', { name: 'desk', createdAt: NOW + 1 })));
    expect([...revoked].sort()).toEqual(['k1', 'k4']);
    const times = Object.fromEntries((await at.read(allKeys)).map(({ keyId, revokedAt }) => [keyId, revokedAt]));
    expect(times).toEqual({ k1: NOW + 1, k2: 5, k3: null, k4: NOW + 1, k5: null });
    expect(await at.write(replaceKeys(keyOf('k6', { name: 'nobody had it' })))).toEqual([]);
  });

  test('the last use is noted; keys that are gone are passed over', async () => {
    await at.write([addKey(keyOf('a')), addKey(keyOf('b'))]);
    const uses = ['a', 'gone', 'b'].map((keyId, index) => ({ keyId: id(keyId), lastUsedAt: LARGEST - index }));
    await at.write(touchKeys(uses));
    await at.write(touchKeys([]));
    expect((await at.read(allKeys)).map(({ lastUsedAt }) => lastUsedAt)).toEqual([LARGEST, LARGEST - 2]);
  });

  test('a nonce is good once for each key, also in one commit, to the letter', async () => {
    const uses = [use('k', 'n'), use('k', 'n'), use('other', 'n'), use('k', 'N'), use('k', 'n '), use('k', 'n')];
    const outcomes = await at.together(uses);
    expect(outcomes.map((outcome) => outcome.status === 'fulfilled' && outcome.value)).toEqual([
      true,
      false,
      true,
      true,
      true,
      false,
    ]);
    expect(await at.write([use('k', TEXT), use('k', TEXT)])).toEqual([true, false]);
    expect(await at.write([use('k', 'a\0b'), use('k', 'a\0b'), use('k', 'a')])).toEqual([true, false, true]);
  });

  test('nonces are forgotten by age, and counted', async () => {
    for (const usableUntil of [1, NOW - 1, NOW, LARGEST]) await at.write(use('k', `until ${usableUntil}`, usableUntil));
    expect(await at.write(pruneNonces({ before: NOW }))).toBe(2);
    expect(await at.write(pruneNonces({ before: NOW }))).toBe(0);
    expect(await at.write([use('k', 'until 1'), use('k', `until ${NOW}`)])).toEqual([true, false]);
  });
}
