/** The outbox acts for the sessions that its process owns; those of another process stay as they are. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { OutboxId, SessionName } from '../../../bridge/src/contract/ids.ts';
import { SwitchedOwners, type SwitchedOwnership } from '../ownership/switched-ownership.ts';
import type { OpenOutbox } from './outbox-harness.ts';
import { ALICE, BOB, SESSION } from './outbox-samples.ts';
import { Network } from './scripted-network.ts';
import { OutboxLives } from './outbox-lives.ts';

jest.setTimeout(60_000);

const OWN = 'own' as SessionName;
const { begin, end, edit, open, start } = new OutboxLives();
let owners: SwitchedOwners<SessionName>;
/** The process under test owns `OWN`, and another one owns `SESSION`. */
let here: SwitchedOwnership<SessionName>;
let elsewhere: SwitchedOwnership<SessionName>;
beforeEach(async () => {
  await begin();
  owners = new SwitchedOwners();
  here = owners.join(OWN);
  elsewhere = owners.join(SESSION);
});
afterEach(end);

const stateOf = async (outbox: OpenOutbox, id: string) => (await outbox.service.get(id as OutboxId)).state;
/** Resolves once what was under way for the own session has had its turn, so that the other's had it too. */
async function barrier(outbox: OpenOutbox): Promise<void> {
  outbox.sessions.up(OWN);
  const { id } = await outbox.accept('barrier', BOB, OWN);
  await outbox.until(id, 'accepted');
}

/** A message that a former process left in `sending`, and one behind it. */
async function interrupted(network: Network, chosenMessageIds = true): Promise<{ sending: string; queued: string }> {
  const former = await start({ network, chosenMessageIds });
  network.scripts.push(() => new Promise(() => undefined));
  const sending = await former.accept('sending');
  await former.until(sending.id, 'sending');
  const queued = await former.accept('queued');
  await former.dispatcher.stop(0);
  await former.close();
  return { sending: sending.id, queued: queued.id };
}

describe('a session of another process', () => {
  test.each([true, false])('is neither recovered nor sent for (ids are chosen: %s)', async (chosenMessageIds) => {
    const network = new Network();
    const { sending, queued } = await interrupted(network, chosenMessageIds);
    const outbox = await start({ network, chosenMessageIds, ownership: here });
    // A signal that is not meant for this process.
    outbox.sessions.up();
    const accepted = await outbox.accept('accepted here', ALICE);
    outbox.dispatcher.wake(SESSION);
    await barrier(outbox);
    expect(await stateOf(outbox, sending)).toBe('sending');
    expect(await stateOf(outbox, queued)).toBe('queued');
    expect(await stateOf(outbox, accepted.id)).toBe('queued');
    expect(network.texts()).toEqual(['barrier']);
    expect(await outbox.events('outbox.in_doubt')).toEqual([]);
  });

  test('keeps what it sends when its login ends there', async () => {
    const network = new Network();
    const { sending } = await interrupted(network);
    const outbox = await start({ network, ownership: here }, false);
    outbox.sessions.unlink();
    await barrier(outbox);
    expect(await stateOf(outbox, sending)).toBe('sending');
  });

  test('is not tidied: unknown here, past its deadline, too old, sending for long', async () => {
    const network = new Network();
    const { sending, queued } = await interrupted(network);
    edit(`UPDATE outbox SET expires_at = 1, created_at = 1, updated_at = 1`);
    const outbox = await open({ network, ownership: here });
    outbox.sessions.forget(SESSION);
    await outbox.maintenance.runOnce();
    await outbox.maintenance.expire();
    expect(await stateOf(outbox, sending)).toBe('sending');
    expect(await stateOf(outbox, queued)).toBe('queued');
    await owners.handOver(SESSION, here);
    await outbox.maintenance.expire();
    await outbox.maintenance.runOnce();
    expect(await stateOf(outbox, sending)).toBe('in_doubt');
    expect(await stateOf(outbox, queued)).toBe('failed');
  });

  test('does not keep the own sessions from being tidied, however many messages it has', async () => {
    const outbox = await open({ ownership: here });
    outbox.sessions.up(OWN);
    for (let index = 0; index < 210; index++) await outbox.accept(`${index}`, ALICE);
    const own = await outbox.accept('own', BOB, OWN);
    edit(`UPDATE outbox SET expires_at = 1 WHERE session = '${SESSION}'`);
    edit(`UPDATE outbox SET expires_at = 2 WHERE session = '${OWN}'`);
    await outbox.maintenance.expire();
    expect(await stateOf(outbox, own.id)).toBe('failed');
  });
});

describe('a session that is gained', () => {
  test('is recovered and sent for', async () => {
    const network = new Network();
    const { sending, queued } = await interrupted(network);
    const outbox = await start({ network, ownership: here });
    await owners.handOver(SESSION, here);
    await outbox.until(sending, 'accepted');
    await outbox.until(queued, 'accepted');
    expect(network.texts()).toEqual(['sending', 'queued']);
  });

  test('is recovered before its engine is ready, where there is nothing to ask for', async () => {
    const network = new Network();
    const { sending } = await interrupted(network, false);
    const outbox = await start({ network, chosenMessageIds: false, ownership: here }, false);
    expect(await stateOf(outbox, sending)).toBe('sending');
    await owners.handOver(SESSION, here);
    expect(await stateOf(outbox, sending)).toBe('in_doubt');
  });

  test('has no lane before what its former owner left is settled', async () => {
    const network = new Network();
    const { sending, queued } = await interrupted(network, false);
    const outbox = await start({ network, chosenMessageIds: false, ownership: here });
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    const read = outbox.reads.interruptedWithoutId.bind(outbox.reads);
    let recovers!: () => void;
    const begun = new Promise<void>((resolve) => (recovers = resolve));
    const asked = jest.spyOn(outbox.reads, 'interruptedWithoutId').mockImplementation(async (...args) => {
      recovers();
      await held;
      return read(...args);
    });
    const looked = jest.spyOn(outbox.reads, 'inState');
    const gained = owners.handOver(SESSION, here);
    await begun;
    outbox.dispatcher.wake(SESSION);
    outbox.sessions.up();
    await barrier(outbox);
    expect(asked).toHaveBeenCalledTimes(1);
    expect(looked.mock.calls.filter(([session]) => session === SESSION)).toEqual([]);
    expect(network.texts()).toEqual(['barrier']);
    release();
    await gained;
    await outbox.until(sending, 'in_doubt');
    await outbox.until(queued, 'accepted');
  });
});

describe('a session that is lost', () => {
  test('is handed over when what was in flight has ended, and nothing more is sent for it', async () => {
    const network = new Network();
    const outbox = await start({ network, ownership: here });
    await owners.handOver(SESSION, here);
    const release = network.holdNext();
    const first = await outbox.accept('first');
    await outbox.until(first.id, 'sending');
    const second = await outbox.accept('second');
    let isHandedOver = false;
    const lost = owners.handOver(SESSION, elsewhere).then(() => (isHandedOver = true));
    await barrier(outbox);
    expect(isHandedOver).toBe(false);
    release();
    await lost;
    expect(await stateOf(outbox, first.id)).toBe('accepted');
    outbox.sessions.up();
    outbox.dispatcher.wake(SESSION);
    await barrier(outbox);
    expect(await stateOf(outbox, second.id)).toBe('queued');
    expect(network.texts(ALICE)).toEqual(['first']);
  });

  test('and gained again while a send is in flight: it is not taken for one that a dead process left', async () => {
    const network = new Network();
    const outbox = await start({ network, chosenMessageIds: false, ownership: here });
    await owners.handOver(SESSION, here);
    const release = network.holdNext();
    const first = await outbox.accept('first');
    await outbox.until(first.id, 'sending');
    const second = await outbox.accept('second');
    const lost = owners.seize(SESSION, null);
    const gained = owners.seize(SESSION, here);
    await barrier(outbox);
    expect(await stateOf(outbox, first.id)).toBe('sending');
    release();
    await Promise.all([lost, gained]);
    await outbox.until(second.id, 'accepted');
    expect(network.texts(ALICE)).toEqual(['first', 'second']);
    expect(await outbox.events('outbox.in_doubt')).toEqual([]);
  });

  test('a stop waits for the sends of a session that was just lost', async () => {
    const network = new Network();
    const outbox = await start({ network, ownership: here });
    await owners.handOver(SESSION, here);
    const release = network.holdNext();
    const { id } = await outbox.accept('first');
    await outbox.until(id, 'sending');
    const lost = owners.handOver(SESSION, elsewhere);
    const stopped = outbox.dispatcher.stop(10_000);
    release();
    await stopped;
    expect(await stateOf(outbox, id)).toBe('accepted');
    await lost;
  });
});
