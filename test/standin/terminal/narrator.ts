/** Tells the terminal what happens on the network, a line each. */
import type { Account, PhoneEvent } from '../account.ts';
import type { WireMessage } from '../frames.ts';
import type { Network } from '../network.ts';
import type { Words } from './words.ts';

const ACKS: Readonly<Record<number, string>> = { 2: 'got', 3: 'read', 4: 'played' };

export function narrate(network: Network, words: Words, print: (line: string) => void): void {
  const nameOf = (id: string): string => network.find(id)?.name ?? id;
  network.events.on('arrived', (account: Account, message: WireMessage) => {
    const from = nameOf(message.author ?? message.from);
    const to = message.chat.endsWith('@g.us') ? `${message.chatName ?? ''} (${account.name})` : account.name;
    print(`${words.numberOf(message.stanza)} ${from} → ${to}: ${textOf(message)}`);
  });
  network.events.on('phoneEvent', (account: Account, event: PhoneEvent) => {
    const text = textOfEvent(event, words);
    if (text) print(`${account.name} sees: ${event.by.name} ${text}`);
  });
  network.events.on('linked', (account: Account) => print(`${account.name} has linked a page`));
  network.events.on('seen', (account: Account, chat: string) =>
    print(`${account.name} marked the chat with ${nameOf(chat)} as read`),
  );
  network.events.on('call', (account: Account, call: string) => print(`${account.name}'s phone rings (${call})`));
  network.events.on('pairing', (phone: string, code: string) => print(`+${phone} is asked for the code ${code}`));
  network.events.on('waiting', (text: string) => print(text));
}

function textOf({ type, body, caption, media, extra }: WireMessage): string {
  if (type === 'chat') return body ?? '';
  const what = extra?.['pollName'] ?? extra?.['loc'] ?? extra?.['subtype'] ?? extra?.['vcardFormattedName'];
  const size = media ? `${media.filename ?? media.mimetype}, ${media.size} bytes` : '';
  return [`[${type}]`, typeof what === 'string' ? what : '', size, caption ?? '']
    .filter((part) => part !== '')
    .join(' ');
}

function textOfEvent(event: PhoneEvent, words: Words): string | null {
  switch (event.kind) {
    case 'receipt':
      return `${ACKS[event.ack] ?? event.ack} ${words.numberOf(event.stanza)}`;
    case 'reaction':
      return event.emoji === ''
        ? `took a reaction to ${words.numberOf(event.stanza)} back`
        : `reacted to ${words.numberOf(event.stanza)} with ${event.emoji}`;
    case 'edit':
      return `changed ${words.numberOf(event.stanza)} to: ${event.body}`;
    case 'revoke':
      return `took ${words.numberOf(event.stanza)} back`;
    case 'vote':
      return `voted in ${words.numberOf(event.stanza)}: ${event.options.join(', ') || 'nothing'}`;
    case 'chatstate':
      return { composing: 'is typing', recording: 'is recording', paused: 'stopped' }[event.state];
    case 'call-rejected':
      return 'rejected the call';
  }
}
