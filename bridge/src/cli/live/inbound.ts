/** Live checks for which a person writes from another phone, and sees what comes back. */
import { isTaken, type Live, type LiveCheck, notTaken, says } from './live.ts';
import { fetchFile } from './own-chat.ts';
import { failed, kib, notRun, ok, type Outcome, seconds } from './report.ts';

const DELIVERED_MS = 60_000;

async function inbound(live: Live): Promise<Outcome> {
  if (!live.options.inbound) return notRun('skipped (--no-inbound)');
  const code = live.newCode();
  live.tell(
    `\nNow write to this account from another phone, preferably a photo with the caption: wabridge ${code}\n` +
      `   (only a message with ${code} counts; all others are ignored)`,
  );
  const event = await live.untilPerson(says(code));
  if (!event)
    return failed(
      'no message arrived in time',
      'If the phone shows two ticks for it, the session misses messages: report it. Otherwise write sooner, or use --wait.',
    );
  live.memory.inbound = event;
  const after = seconds(Math.max(0, Date.now() - Date.parse(event.occurredAt)));
  return event.type === 'message.received'
    ? ok(`from another account, in the log about ${after} after it was written`)
    : ok(`from this account's own phone, in the log about ${after} after it was written`);
}

async function inboundMedia(live: Live): Promise<Outcome> {
  const data = live.memory.inbound?.data;
  if (!data?.media) return notRun('the message had no file', 'Write a photo with the code as its caption.');
  const { bytes } = await fetchFile(live, data.media.mediaId);
  return bytes > 0
    ? ok(`${data.kind ?? 'file'}, ${kib(bytes)} fetched`)
    : failed('an empty file was fetched', 'Report it.');
}

/** Read, typing, a reply that quotes and a reaction, and how far WhatsApp says the reply came. */
async function answer(live: Live): Promise<Outcome> {
  const event = live.memory.inbound;
  if (event?.type !== 'message.received' || !event.chat || event.data?.messageId === undefined)
    return notRun(
      'the message came from the phone of this account, so there is nobody to answer',
      'Write from another phone.',
    );
  const to = event.chat.chatId;
  const { messageId } = event.data;
  const chat = live.path(`/chats/${encodeURIComponent(to)}`);
  await live.client.request('POST', `${chat}/read`);
  await live.client.request('POST', `${chat}/typing`, { body: { state: 'composing' } });
  const text = 'wabridge live check: the answer. Leave this chat open until the check has ended.';
  const sent = await live.send({ type: 'text', to, text, quotedMessageId: messageId });
  if (!isTaken(sent)) return notTaken(sent);
  if (live.memory.session?.capabilities.operations.includes('message.react')) {
    const reacted = await live.send({ type: 'reaction', to, messageId, emoji: '✅' });
    if (!isTaken(reacted)) return notTaken(reacted);
  }
  live.tell(
    '   It arrived and was answered: open the chat on that phone; you should see a reply that quotes it, and a reaction.',
  );
  const took = (level: string): Promise<boolean> =>
    live.watch
      .until(
        ({ type, data }) => type === 'message.acknowledged' && data?.outboxId === sent.id && data.ack === level,
        DELIVERED_MS,
      )
      .then((found) => found !== null);
  if (!(await took('delivered')) && !(await took('read')))
    return failed('the answer was sent, but was not reported as delivered', 'Check that the phone is online.');
  return (await took('read'))
    ? ok('the answer was delivered and read')
    : ok('the answer was delivered, but not reported as read (read receipts may be off on that phone)');
}

export const inboundChecks: readonly LiveCheck[] = [
  { name: 'inbound', needs: ['session'], run: inbound },
  { name: 'inbound media', needs: ['inbound'], run: inboundMedia },
  { name: 'answer', needs: ['inbound'], run: answer },
];
