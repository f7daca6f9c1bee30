/**
 * Every operation of the nodes that sends or acts in a chat, once, in a real n8n and through the real whatsapp-web.js: what
 * the person on the other side saw is what counts.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { BridgeAtTest } from '../browser/bridge-at-test.ts';
import type { Account, PhoneEvent } from '../standin/account.ts';
import { n8nIn, publish } from './n8n-at-test.ts';
import type { N8nServer } from './n8n-server.ts';
import { everyOperation } from './workflows.ts';

jest.setTimeout(240_000);

const SESSION = 'phone';
const WORKFLOW = 'webjsOperations1';
const PDF = Buffer.from('%PDF-1.4\na ticket');

let folder: string;
let at: BridgeAtTest;
let n8n: N8nServer;
let bob: Account;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-operations-'));
  at = await BridgeAtTest.open();
  bob = at.standin.network.addAccount('4915110000002', 'Bob');
  await at.bridge.start();
  await at.link([SESSION]);
  n8n = await n8nIn(join(folder, 'n8n'));
  await publish(n8n, at.bridge, [everyOperation(WORKFLOW)]);
});
afterAll(async () => {
  await n8n?.stop();
  await at?.close();
  await rm(folder, { recursive: true, force: true });
});

/** What reached Bob's phone, of this kind. */
function phoneEvents<Kind extends PhoneEvent['kind']>(kind: Kind): Extract<PhoneEvent, { kind: Kind }>[] {
  return bob.phoneEvents.filter((each): each is Extract<PhoneEvent, { kind: Kind }> => each.kind === kind);
}

describe('the operations of the nodes', () => {
  test('a file comes back, is read, typed about, reacted to and answered', async () => {
    const { network } = at.standin;
    const me = at.accounts.get(SESSION) as Account;
    const media = at.standin.storeMedia(PDF, 'application/pdf', 'ticket.pdf');
    const stanza = network.say(bob, me, { type: 'document', caption: 'please look', media });
    await at
      .until('the answer', async () => bob.inbox.length === 2)
      .catch(async (error: unknown) => {
        throw new Error(`${String(error)}\n${JSON.stringify(await n8n.untilIdle(WORKFLOW))}\n${n8n.output}`);
      });

    expect(bob.inbox).toMatchObject([
      { type: 'document', caption: 'your file', media: { filename: 'ticket.pdf' } },
      { type: 'chat', body: 'the reaction is accepted', quoted: { stanza } },
    ]);
    const [sent] = bob.inbox;
    expect(at.standin.mediaBytes(sent?.media?.directPath ?? '')).toEqual(PDF);
    expect(phoneEvents('reaction')).toMatchObject([{ stanza, emoji: '✅' }]);
    expect(phoneEvents('chatstate').map(({ state }) => state)).toContain('composing');
    expect(phoneEvents('receipt')).toContainEqual(expect.objectContaining({ stanza, ack: 3 }));
    const executions = await n8n.untilIdle(WORKFLOW, { atLeast: 1 });
    expect(executions.map(({ status }) => status)).toEqual(['success']);
  });
});
