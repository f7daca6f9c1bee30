/** What follows from what the page has of a message; that the page is read rightly is shown in a browser. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ChatId, MessageId } from '../../../../../bridge/src/contract/ids.ts';
import { DEADLINES, TransportError } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import { SendStatusReader } from '../../../../../bridge/src/engine/webjs/outbound/send-status.ts';
import type { PageCalls } from '../../../../../bridge/src/engine/webjs/page/page-calls.ts';
import type { PageSendStatus } from '../../../../../bridge/src/engine/webjs/page/page-send-status.ts';
import { ManualClock } from '../../../sessions/fake-engine.ts';

const CHAT = '4915110000002@c.us' as ChatId;
const MESSAGE_ID = `true_${CHAT}_3EB0ABC` as MessageId;

let clock: ManualClock;
let page: PageSendStatus | Error;
let asked: readonly unknown[];
let sendStatus: SendStatusReader;

beforeEach(() => {
  clock = new ManualClock();
  asked = [];
  const calls: PageCalls = {
    call: (async (_fn: unknown, _ms: number, ...args: readonly unknown[]) => {
      asked = args;
      if (page instanceof Error) throw page;
      return page;
    }) as PageCalls['call'],
  };
  sendStatus = new SendStatusReader(() => calls, DEADLINES, clock);
  sendStatus.ready();
});

const status = (): Promise<string> =>
  sendStatus.of(MESSAGE_ID, CHAT).catch((error: { outcome: string }) => `throws ${error.outcome}`);

describe('the send status of a message', () => {
  test('is asked for by its own id', async () => {
    page = { held: 'nowhere' };
    await status();
    expect(asked).toEqual([CHAT, '3EB0ABC']);
  });

  test.each<[PageSendStatus, string, string]>([
    [{ held: 'nowhere' }, 'absent', 'absent'],
    [{ held: 'stored', ack: 1 }, 'sent', 'sent'],
    [{ held: 'stored', ack: 3 }, 'sent', 'sent'],
    [{ held: 'stored', ack: 0 }, 'throws defer', 'unknown'],
    [{ held: 'stored', ack: -1 }, 'unknown', 'unknown'],
    [{ held: 'under-way' }, 'throws defer', 'unknown'],
    [{ held: 'given' }, 'unknown', 'unknown'],
    [{ held: 'unreadable', reason: 'no such module' }, 'throws defer', 'unknown'],
  ])('%j: %s at first, %s in the end', async (held, first, last) => {
    page = held;
    expect(await status()).toBe(first);
    await clock.pass(DEADLINES.ack);
    expect(await status()).toBe(last);
    // A page that was away has to be given its time again.
    sendStatus.ready();
    expect(await status()).toBe(first);
  });

  test('cannot be told over a broken way to the page', async () => {
    page = new TransportError('the page is gone');
    await clock.pass(DEADLINES.ack);
    expect(await status()).toBe('throws defer');
  });
});

test.each([-7_200_000, 7_200_000])(
  'a page is given its time to tell, also where the clock is set by %i ms',
  async (by) => {
    page = { held: 'under-way' };
    clock.set(by);
    expect(await status()).toBe('throws defer');
    await clock.pass(DEADLINES.ack - 1);
    expect(await status()).toBe('throws defer');
    await clock.pass(1);
    expect(await status()).toBe('unknown');
  },
);
