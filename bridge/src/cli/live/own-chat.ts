/** Live checks that need nobody: everything goes to the account's own chat ("message yourself"). */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { newMediaId, type OutboxId } from '../../contract/ids.ts';
import { getOutboxMessage } from '../../contract/operations/outbox/get.ts';
import type { OutboxMessage } from '../../contract/views/outbox-message.ts';
import type { WatchedEvent } from './event-watch.ts';
import { isTaken, type Live, type LiveCheck, notTaken } from './live.ts';
import { failed, kib, notRun, ok, type Outcome } from './report.ts';
import { sampleDocument, samplePicture, type SampleFile } from './sample-files.ts';

const EVENT_MS = 30_000;
const ACK_MS = 20_000;
const MEDIA_MS = 60_000;
const LOOK_MS = 25;
const FIRST_TEXT = 'wabridge live check: a text. You can delete all messages of this check.';

const sentEvent =
  ({ id }: OutboxMessage) =>
  ({ type, data }: WatchedEvent): boolean =>
    type === 'message.sent' && data?.outboxId === id;

/** The text, and whether the id that was chosen before the send is the one under which WhatsApp knows it. */
async function send(live: Live): Promise<Outcome> {
  const posted = await live.post({ type: 'text', to: live.ownChat, text: FIRST_TEXT });
  const sent = await live.settled(posted);
  if (!isTaken(sent)) return notTaken(sent);
  live.memory.first = sent;
  return ok("WhatsApp accepted a text to the account's own chat");
}

async function event(live: Live): Promise<Outcome> {
  const found = await live.watch.until(sentEvent(first(live)), EVENT_MS);
  if (!found)
    return failed(
      'WhatsApp accepted the message, but the log has no event for it',
      'Report this with the log of the bridge.',
    );
  return ok('the log has the message');
}

async function messageId(live: Live): Promise<Outcome> {
  if (live.memory.session?.capabilities.chosenMessageIds !== true)
    return notRun('this engine does not choose the ids of messages');
  const posted = await live.post({ type: 'text', to: live.ownChat, text: 'wabridge live check: a chosen id.' });
  const chosen = await chosenId(live, posted);
  const sent = await live.settled(posted);
  if (!isTaken(sent)) return notTaken(sent);
  const found = await live.watch.until(sentEvent(sent), EVENT_MS);
  // A message that the page reports under another id cannot be told from one that was typed on the phone.
  const strangers = live.watch.seen.filter(
    ({ type, data }) => type === 'message.sent' && data?.text?.endsWith('a chosen id.') && data.outboxId !== sent.id,
  );
  const report =
    'This version of WhatsApp Web ignores chosen ids, so a crash during a send may leave messages in doubt. Report it.';
  if (strangers.length > 0) return failed('WhatsApp Web also reported the message with another id', report);
  if (chosen !== null && chosen !== sent.messageId)
    return failed('the message was sent with a different id than the chosen one', report);
  if (found?.data?.messageId !== sent.messageId) return failed('the event has a different id than the message', report);
  return chosen === null
    ? ok('the event has the id of the message (the send was too fast to see the chosen id first)')
    : ok('WhatsApp uses the id that was chosen before the send');
}

/** The id on disk before WhatsApp has answered; null if the answer was faster. */
async function chosenId(live: Live, { id }: OutboxMessage): Promise<string | null> {
  for (;;) {
    const now = await live.client.perform(getOutboxMessage, { id: id as OutboxId });
    if (now.state === 'sending' && now.messageId !== null) return now.messageId;
    if (now.state !== 'queued' && now.state !== 'sending') return null;
    await pause(LOOK_MS);
  }
}

async function acknowledgement(live: Live): Promise<Outcome> {
  const { id } = first(live);
  const levels = (): readonly string[] =>
    live.watch.seen.filter(({ type, data }) => type === 'message.acknowledged' && data?.outboxId === id).map(ackOf);
  await live.watch.until((each) => isAck(each, id) && ['delivered', 'read'].includes(ackOf(each)), ACK_MS);
  const highest = ['read', 'delivered', 'server'].find((level) => levels().includes(level));
  if (highest !== undefined) return ok(`up to "${highest}"`);
  return failed(
    'WhatsApp accepted the message, but no acknowledgement arrived',
    'If the phone shows ticks for it, acknowledgements do not reach the bridge. Report it.',
  );
}
const isAck = ({ type, data }: WatchedEvent, outboxId: string): boolean =>
  type === 'message.acknowledged' && data?.outboxId === outboxId;
const ackOf = ({ data }: WatchedEvent): string => data?.ack ?? '';

async function quote(live: Live): Promise<Outcome> {
  const { messageId: quoted } = first(live);
  const sent = await live.send({
    type: 'text',
    to: live.ownChat,
    text: 'wabridge live check: a reply.',
    quotedMessageId: quoted,
  });
  if (!isTaken(sent)) return notTaken(sent);
  const found = await live.watch.until(sentEvent(sent), EVENT_MS);
  if (found?.data?.quotedMessageId === quoted)
    return ok('a reply to the text was sent, and its event names the quoted message');
  return failed(
    'the reply was sent, but its event does not name the quoted message',
    'Check on the phone whether it quotes the text.',
  );
}

const sendFile =
  (type: 'image' | 'document', make: () => SampleFile) =>
  async (live: Live): Promise<Outcome> => {
    const { bytes, fileName, sha256 } = make();
    const mediaId = newMediaId();
    const folder = await mkdtemp(join(tmpdir(), 'wabridge-live-'));
    try {
      const path = join(folder, fileName);
      await writeFile(path, bytes);
      await live.client.upload(`/v1/media/${mediaId}`, path, { query: { fileName } });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    const sent = await live.send({ type, to: live.ownChat, mediaId, text: 'wabridge live check: a file.' });
    if (!isTaken(sent)) return notTaken(sent);
    const found = await live.watch.until(sentEvent(sent), EVENT_MS);
    if (!found?.data?.media)
      return failed('it was sent, but its event has no file', 'Check on the phone what arrived.');
    if (found.data.kind !== type)
      return failed(
        `it was sent as ${found.data.kind ?? 'nothing known'}`,
        'Check on the phone what arrived; report it.',
      );
    live.memory.files.set(type, { sha256, uploadedAs: mediaId, event: found });
    return ok(`${kib(bytes.length)}, accepted by WhatsApp`);
  };

/** WhatsApp Web may make pictures smaller, but documents stay as they are. */
async function download(live: Live): Promise<Outcome> {
  const told: string[] = [];
  let fetched = 0;
  for (const [type, { sha256, uploadedAs, event: found }] of live.memory.files) {
    const mediaId = found.data?.media?.mediaId ?? '';
    if (mediaId === uploadedAs) {
      told.push(`${type}: the bridge kept its own copy, so there was nothing to fetch`);
      continue;
    }
    const file = await fetchFile(live, mediaId);
    fetched += 1;
    if (file.sha256 === sha256) told.push(`${type}: the same bytes came back`);
    else if (type === 'image') told.push(`${type}: came back as ${kib(file.bytes)}, re-encoded by WhatsApp Web`);
    else return failed(`${type}: the bytes that came back differ from those sent`, 'Report it.');
  }
  return fetched > 0 ? ok(told.join('; ')) : notRun(told.join('; '), 'Send a picture when you are asked to write.');
}

/** Fetches a file from WhatsApp through the bridge. @throws ProblemError if it does not come */
export async function fetchFile(live: Live, mediaId: string): Promise<{ sha256: string; bytes: number }> {
  const end = Date.now() + MEDIA_MS;
  let info: { state: string; failure: string | null };
  do {
    info = await live.client.request('GET', `/v1/media/${mediaId}/info`, { query: { waitMs: 15_000 } });
  } while (info.state === 'pending' && Date.now() < end);
  const bytes = await live.client.download(`/v1/media/${mediaId}`);
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}

async function reaction(live: Live): Promise<Outcome> {
  if (!live.memory.session?.capabilities.operations.includes('message.react'))
    return notRun('this engine does not support reactions');
  const { messageId: target } = first(live);
  for (const emoji of ['👍', '']) {
    const sent = await live.send({ type: 'reaction', to: live.ownChat, messageId: target, emoji });
    if (!isTaken(sent)) return notTaken(sent);
  }
  return ok('added to the text and removed');
}

async function typing(live: Live): Promise<Outcome> {
  const path = live.path(`/chats/${encodeURIComponent(live.ownChat)}/typing`);
  for (const state of ['composing', 'paused']) await live.client.request('POST', path, { body: { state } });
  return ok('shown and cleared');
}

async function markRead(live: Live): Promise<Outcome> {
  await live.client.request('POST', live.path(`/chats/${encodeURIComponent(live.ownChat)}/read`));
  return ok('the own chat is marked as read');
}

function first(live: Live): OutboxMessage {
  if (!live.memory.first) throw new Error('nothing was sent');
  return live.memory.first;
}

export const ownChatChecks: readonly LiveCheck[] = [
  { name: 'send', needs: ['session'], run: send },
  { name: 'event', needs: ['send'], run: event },
  { name: 'message id', needs: ['send'], run: messageId },
  { name: 'acknowledgement', needs: ['send'], run: acknowledgement },
  { name: 'quote', needs: ['send'], run: quote },
  { name: 'image', needs: ['session'], run: sendFile('image', samplePicture) },
  { name: 'document', needs: ['session'], run: sendFile('document', sampleDocument) },
  { name: 'download', needs: ['document'], run: download },
  { name: 'reaction', needs: ['send'], run: reaction },
  { name: 'typing', needs: ['session'], run: typing },
  { name: 'read', needs: ['session'], run: markRead },
];
