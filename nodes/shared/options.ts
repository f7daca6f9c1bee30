/** Options of node parameters that come from the contract. */
import type { INodePropertyOptions } from 'n8n-workflow';
import { CHAT_KINDS, EVENT_TYPES, type ChatKind, type EventType } from './contract.generated';
import { descriptionOf, titleOf } from './words';

/** Where the catalogue says how a program goes on, and a person in the editor goes on otherwise. */
const EVENT_DESCRIPTIONS: Partial<Record<EventType, string>> = {
  'session.qr_issued': 'A QR code is ready to be scanned. Get it as an image with the operation Get QR Code',
};

/** Every event type of the catalogue, in its order: messages first, then what happens to sessions and to the bridge. */
export const eventTypeOptions: INodePropertyOptions[] = (Object.keys(EVENT_TYPES) as EventType[]).map((value) => ({
  name: titleOf(value),
  value,
  description: EVENT_DESCRIPTIONS[value] ?? descriptionOf(EVENT_TYPES[value].description),
}));

/** Under the name of a trigger on the canvas: its events in words. */
export const eventsSubtitle = `={{ $parameter["events"].map((type) => (${JSON.stringify(
  Object.fromEntries(eventTypeOptions.map(({ name, value }) => [value, name])),
)})[type] ?? type).join(", ") }}`;

const CHAT_KIND_DESCRIPTIONS: Readonly<Record<ChatKind, string>> = {
  direct: 'A chat with one person',
  group: 'A group chat',
  channel: 'A channel that the account follows or owns',
  status: 'Status updates of contacts',
  broadcast: 'A broadcast list',
};

/** Every kind of chat. */
export const chatKindOptions: INodePropertyOptions[] = CHAT_KINDS.map((value) => ({
  name: titleOf(value),
  value,
  description: CHAT_KIND_DESCRIPTIONS[value],
}));
