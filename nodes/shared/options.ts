/** Options of node parameters that come from the contract. */
import type { INodePropertyOptions } from 'n8n-workflow';
import { CHAT_KINDS, EVENT_TYPES, type ChatKind } from './contract.generated';

const title = (words: string): string =>
  words
    .split(/[._]/)
    .map((word) => (word === 'qr' ? 'QR' : word.charAt(0).toUpperCase() + word.slice(1)))
    .join(' ');

const byName = (a: INodePropertyOptions, b: INodePropertyOptions): number => a.name.localeCompare(b.name);
const withoutFullStop = (sentence: string): string => sentence.replace(/\.$/, '');

/** Every event type of the catalogue. */
export const eventTypeOptions: INodePropertyOptions[] = Object.entries(EVENT_TYPES)
  .map(([value, { description }]) => ({ name: title(value), value, description: withoutFullStop(description) }))
  .sort(byName);

const CHAT_KIND_DESCRIPTIONS: Readonly<Record<ChatKind, string>> = {
  direct: 'A chat with one person',
  group: 'A group chat',
  channel: 'A channel that the account follows or owns',
  status: 'Status updates of contacts',
  broadcast: 'A broadcast list',
};

/** Every kind of chat. */
export const chatKindOptions: INodePropertyOptions[] = CHAT_KINDS.map((value) => ({
  name: title(value),
  value,
  description: CHAT_KIND_DESCRIPTIONS[value],
})).sort(byName);
