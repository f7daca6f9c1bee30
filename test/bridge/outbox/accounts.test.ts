/** A message goes from the account for which it was accepted, or not at all. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { isSameAccount } from '../../../bridge/src/contract/address.ts';
import type { ChatId, OutboxId, SessionName } from '../../../bridge/src/contract/ids.ts';
import { EngineError } from '../../../bridge/src/engine/engine.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import type { SessionAccount } from '../../../bridge/src/sessions/session-account.ts';
import type { HarnessOptions, OpenOutbox } from './outbox-harness.ts';
import { ALICE, asked, BOB, SELF, SESSION } from './outbox-samples.ts';
import { Network } from './scripted-network.ts';
import { OutboxLives } from './outbox-lives.ts';
import type { KeyId } from '../../../bridge/src/contract/ids.ts';

jest.setTimeout(60_000);

const OTHER = addressOf('49150000002@c.us' as ChatId);
const { begin, end, edit, start } = new OutboxLives();

beforeEach(begin);
afterEach(end);

/** Accepts a message, and resolves once its send has left without an answer. */
async function unanswered(outbox: OpenOutbox): Promise<string> {
  outbox.network.scripts.push((_message, _messageId, deliver) => {
    deliver();
    return new Promise(() => undefined);
  });
  const { id } = await outbox.accept('first');
  await outbox.until(id, 'sending');
  return id;
}

/** A page whose login is gone says of everything that it does not have it. */
function forgets(network: Network): void {
  network.sendStatus = () => 'absent';
}

const failures = async (outbox: OpenOutbox) =>
  (await outbox.events('outbox.failed')).map(({ data }) => data as { outboxId: string; code: string });

describe('a login ends', () => {
  test('what may have left is in doubt at once, and is not sent again by the same account', async () => {
    const outbox = await start({ sendMs: 60_000 });
    const id = await unanswered(outbox);
    const next = await outbox.accept('second');
    forgets(outbox.network);
    outbox.sessions.unlink();
    expect(await outbox.until(id, 'in_doubt')).toMatchObject({ error: { code: 'WAB_SEND_IN_DOUBT' } });
    expect(await outbox.events('outbox.in_doubt')).toHaveLength(1);
    expect((await outbox.service.get(next.id as OutboxId)).state).toBe('queued');
    outbox.sessions.up();
    await outbox.until(next.id, 'accepted');
    expect(outbox.network.texts()).toEqual(['first', 'second']);
    expect((await outbox.service.get(id as OutboxId)).state).toBe('in_doubt');
  });

  test('while the bridge is down: in doubt when it is back, without the page being asked', async () => {
    const network = new Network();
    const accounts = new Map<SessionName, SessionAccount>();
    const before = await start({ network, accounts, sendMs: 60_000 });
    const id = await unanswered(before);
    await before.dispatcher.stop(0);
    await before.close();
    forgets(network);
    accounts.set(SESSION, { account: SELF, login: 1 });
    const outbox = await start({ network, accounts }, false);
    await outbox.until(id, 'in_doubt');
    outbox.sessions.up(SESSION, OTHER);
    const next = await outbox.accept('second');
    await outbox.until(next.id, 'accepted');
    expect(network.texts()).toEqual(['first', 'second']);
  });

  test('while WhatsApp is asked what became of a message: its answer means nothing', async () => {
    const outbox = await start();
    outbox.network.scripts.push((_message, _messageId, deliver) => {
      deliver();
      throw new EngineError('unknown', 'WAB_SESSION_NOT_READY', 'the line broke');
    });
    outbox.network.sendStatus = () => {
      forgets(outbox.network);
      outbox.sessions.unlink();
      return 'absent';
    };
    const { id } = await outbox.accept('first');
    await outbox.until(id, 'in_doubt');
    outbox.sessions.up();
    const next = await outbox.accept('second');
    await outbox.until(next.id, 'accepted');
    expect(outbox.network.texts()).toEqual(['first', 'second']);
  });

  test('between the intent and the send: it does not go, although the same engine is ready again', async () => {
    const outbox = await start();
    const sent: string[] = [];
    outbox.network.scripts.push((_message, _messageId, deliver) => {
      sent.push('from the first account');
      return deliver();
    });
    const readyEngine = outbox.sessions.readyEngine.bind(outbox.sessions);
    let asked = 0;
    // The lane has taken it up, and its intent is being written down.
    outbox.sessions.readyEngine = (name) => {
      if (++asked === 3) {
        outbox.sessions.unlink();
        outbox.sessions.up(SESSION, OTHER);
      }
      return readyEngine(name);
    };
    const { id } = await outbox.accept('first');
    expect(await outbox.until(id, 'failed', 'accepted')).toMatchObject({ error: { code: 'WAB_ACCOUNT_CHANGED' } });
    expect(sent).toEqual([]);
  });

  test('a reaction that may have arrived is repeated by its own account alone', async () => {
    const outbox = await start({ sendMs: 60_000 });
    outbox.network.scripts.push(() => new Promise(() => undefined));
    const { message } = await outbox.service.accept(
      ...asked({ session: SESSION, to: ALICE, type: 'reaction', messageId: `false_${ALICE}_AA`, emoji: '👍' }),
      { keyId: 'keyA' as KeyId, idempotencyKey: 'one', firstAnswer: false },
    );
    await outbox.until(message.id, 'sending');
    outbox.sessions.unlink();
    await outbox.until(message.id, 'queued');
    outbox.sessions.up(SESSION, OTHER);
    expect(await outbox.until(message.id, 'failed')).toMatchObject({ error: { code: 'WAB_ACCOUNT_CHANGED' } });
    expect(outbox.network.sent).toEqual([]);
  });
});

describe('another account is linked', () => {
  test('all that waits for the one before fails with an event, and what is accepted from then on is sent', async () => {
    const outbox = await start();
    outbox.sessions.unlink();
    // Accepted while nobody is linked: for the account that was linked last.
    const waiting = [await outbox.accept('a1'), await outbox.accept('a2'), await outbox.accept('b1', BOB)];
    outbox.sessions.up(SESSION, OTHER);
    for (const { id } of waiting) {
      const { error } = await outbox.until(id, 'failed');
      expect(error).toMatchObject({ code: 'WAB_ACCOUNT_CHANGED' });
      expect(error?.message).not.toMatch(/\d{5}/);
    }
    expect((await failures(outbox)).map(({ outboxId, code }) => [outboxId, code]).sort()).toEqual(
      waiting.map(({ id }) => [id, 'WAB_ACCOUNT_CHANGED']).sort(),
    );
    const { id } = await outbox.accept('new');
    await outbox.until(id, 'accepted');
    expect(outbox.network.texts()).toEqual(['new']);
  });

  test('more than one batch of them', async () => {
    const outbox = await start();
    outbox.sessions.unlink();
    const ids: string[] = [];
    for (let index = 0; index < 230; index++) ids.push((await outbox.accept(`m${index}`)).id);
    outbox.sessions.up(SESSION, OTHER);
    for (const id of ids) await outbox.until(id, 'failed');
    expect(outbox.network.sent).toEqual([]);
  });

  test('a message in doubt is not sent again by it, neither by hand nor by the policy `resend`', async () => {
    const outbox = await start({ sendMs: 60_000, inDoubtPolicy: 'resend' });
    const id = await unanswered(outbox);
    outbox.sessions.unlink();
    await outbox.until(id, 'queued');
    outbox.sessions.up(SESSION, OTHER);
    // It may have left at first: that it fails would say more than is known.
    await outbox.until(id, 'in_doubt');
    await expect(outbox.service.resolve(id as OutboxId, 'resend')).rejects.toMatchObject({
      code: 'WAB_ACCOUNT_CHANGED',
    });
    expect((await outbox.service.get(id as OutboxId)).state).toBe('in_doubt');
    expect(outbox.network.texts()).toEqual(['first']);
    expect(await failures(outbox)).toEqual([]);
    expect(await outbox.service.resolve(id as OutboxId, 'failed')).toMatchObject({ state: 'failed' });
  });

  test('its page is not asked about what the other account sent', async () => {
    const outbox = await start({ sendMs: 60_000 });
    const id = await unanswered(outbox);
    outbox.sessions.unlink();
    await outbox.until(id, 'in_doubt');
    outbox.network.sendStatus = () => 'sent';
    outbox.sessions.up(SESSION, OTHER);
    const { id: next } = await outbox.accept('second');
    await outbox.until(next, 'accepted');
    expect((await outbox.service.get(id as OutboxId)).state).toBe('in_doubt');
    // Its own account knows it, where the phone has given the history to the new page.
    outbox.sessions.unlink();
    outbox.sessions.up();
    await outbox.until(id, 'accepted');
  });

  test('the event of what was sent names the account that sent it', async () => {
    const outbox = await start({ sendMs: 60_000 });
    let answer!: () => void;
    outbox.network.scripts.push(async (_message, _messageId, deliver) => {
      const receipt = deliver();
      await new Promise<void>((resolve) => (answer = resolve));
      return receipt;
    });
    const { id } = await outbox.accept('first');
    await outbox.until(id, 'sending');
    outbox.sessions.unlink();
    await outbox.until(id, 'in_doubt');
    outbox.sessions.up(SESSION, OTHER);
    answer();
    await outbox.until(id, 'accepted');
    expect((await outbox.events('message.sent')).map(({ sender }) => sender)).toEqual([SELF]);
  });
});

describe('before the first link', () => {
  test('what is accepted belongs to the account that is linked first', async () => {
    const outbox = await start({}, false);
    const first = await outbox.accept('first');
    outbox.sessions.up();
    await outbox.until(first.id, 'accepted');
    expect(outbox.network.texts()).toEqual(['first']);
  });

  test('and stays its own, although it could not be sent by it', async () => {
    const outbox = await start({}, false);
    const first = await outbox.accept('first');
    outbox.network.scripts.push(() => {
      throw new EngineError('defer', 'WAB_SEND_REFUSED', 'not now');
    });
    outbox.sessions.up();
    await outbox.untilThat(first.id, ({ attempts, state }) => attempts === 1 && state === 'queued');
    outbox.sessions.unlink();
    outbox.sessions.up(SESSION, OTHER);
    expect(await outbox.until(first.id, 'failed')).toMatchObject({ error: { code: 'WAB_ACCOUNT_CHANGED' } });
  });
});

describe('a send of which an earlier version did not note the account', () => {
  const unknownSince = (login: number): Map<SessionName, SessionAccount> =>
    new Map([[SESSION, { account: null, login }]]);

  /** The next life after one that ended during a send, whose account is not written down. */
  async function upgraded(
    type: 'text' | 'reaction',
    options: HarnessOptions = {},
  ): Promise<{ id: OutboxId; outbox: OpenOutbox }> {
    const network = new Network();
    const before = await start({ network, sendMs: 60_000 });
    network.scripts.push(() => new Promise(() => undefined));
    const content = type === 'text' ? { type, text: 'first' } : { type, messageId: `false_${ALICE}_AA`, emoji: '👍' };
    const { message } = await before.service.accept(...asked({ session: SESSION, to: ALICE, ...content }), {
      keyId: 'keyA' as KeyId,
      idempotencyKey: 'one',
      firstAnswer: false,
    });
    await before.until(message.id, 'sending');
    await before.dispatcher.stop(0);
    await before.close();
    edit('UPDATE outbox SET account = NULL, login = 0');
    return { id: message.id as OutboxId, outbox: await start({ network, ...options }, false) };
  }

  test.each(['hold', 'resend'] as const)(
    'is in doubt, and is not sent again after a login has ended (%s)',
    async (inDoubtPolicy) => {
      const { id, outbox } = await upgraded('text', { accounts: unknownSince(1), inDoubtPolicy });
      await outbox.until(id, 'in_doubt');
      const refused = { code: 'WAB_ACCOUNT_UNKNOWN' };
      await expect(outbox.service.resolve(id, 'resend')).rejects.toMatchObject(refused);
      outbox.sessions.up(SESSION, OTHER);
      const next = await outbox.accept('second');
      await outbox.until(next.id, 'accepted');
      await expect(outbox.service.resolve(id, 'resend')).rejects.toMatchObject(refused);
      expect((await outbox.service.get(id)).state).toBe('in_doubt');
      expect(outbox.network.texts()).toEqual(['second']);
      expect(await outbox.service.resolve(id, 'failed')).toMatchObject({ state: 'failed' });
    },
  );

  test('fails where it is a reaction and a login has ended', async () => {
    const { id, outbox } = await upgraded('reaction', { accounts: unknownSince(1) });
    expect(await outbox.until(id, 'failed')).toMatchObject({ error: { code: 'WAB_ACCOUNT_UNKNOWN' } });
    outbox.sessions.up(SESSION, OTHER);
    const next = await outbox.accept('second');
    await outbox.until(next.id, 'accepted');
    expect(outbox.network.texts()).toEqual(['second']);
  });

  test('belongs to the account that is linked where no login has ended', async () => {
    const { id, outbox } = await upgraded('text', { accounts: unknownSince(0) });
    outbox.network.sendStatus = () => 'unknown';
    outbox.sessions.up();
    await outbox.until(id, 'in_doubt');
    outbox.sessions.unlink();
    outbox.sessions.up(SESSION, OTHER);
    await expect(outbox.service.resolve(id, 'resend')).rejects.toMatchObject({ code: 'WAB_ACCOUNT_CHANGED' });
    outbox.sessions.unlink();
    outbox.sessions.up();
    await outbox.service.resolve(id, 'resend');
    await outbox.until(id, 'accepted');
    expect(outbox.network.texts()).toEqual(['first']);
  });
});

describe('whether two addresses are of one account', () => {
  const phone = { chatId: '4915112345678@c.us', phone: '+4915112345678' };
  const both = { ...phone, lid: '77@lid' };
  test.each([
    ['a number and the same number with a lid', phone, both, true],
    ['a lid as chat id and a number with that lid', { chatId: '77@lid', lid: '77@lid' }, both, true],
    [
      'another number under the same lid',
      { chatId: '4915199999999@c.us', phone: '+4915199999999', lid: '77@lid' },
      both,
      true,
    ],
    ['the same number under another lid', { ...phone, lid: '78@lid' }, both, false],
    ['another number', { chatId: '4915199999999@c.us', phone: '+4915199999999' }, both, false],
    ['a lid and a number of which nothing else is known', { chatId: '77@lid' }, phone, false],
    ['names that differ', { ...both, name: 'A' }, { ...both, name: 'B' }, true],
  ] as const)('%s', (_what, one, other, same) => {
    expect([isSameAccount(one, other), isSameAccount(other, one)]).toEqual([same, same]);
  });
});
