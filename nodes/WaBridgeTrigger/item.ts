/** An event as an item of n8n: flat, so that an expression reads `$json.text` and `$json.chat.chatId`. */
import type { IDataObject, INodeExecutionData, ITriggerFunctions } from 'n8n-workflow';
import { chatKindOf } from '../shared/chat-kind';
import { EVENT_TYPES, type BridgeEvent, type MessageMedia } from '../shared/contract.generated';
import { bridgeRequest, codeOf } from '../shared/transport';

export interface MediaSettings {
  /** Name of the binary field, or null where media stays on the bridge. */
  readonly binaryField: string | null;
  /** How long the bridge may take to fetch the file from WhatsApp, in ms. */
  readonly waitMs: number;
}

/**
 * The JSON of an item. What the envelope says wins over data of the same name. `sessionId` and `chatInput` are the names
 * under which n8n's AI Agent and memory nodes look for the conversation and the text.
 */
function toJson({ event, attempt, subscription, cursor }: BridgeEvent): IDataObject {
  const { data, chat, ...envelope } = event;
  const kind = chat === null ? null : chatKindOf(chat.chatId);
  const text = data?.['text'];
  return {
    ...(data ?? {}),
    ...envelope,
    chat: chat === null ? null : { ...chat, kind },
    isGroup: kind === 'group',
    ageSeconds: ageSeconds(event),
    ...(chat === null ? {} : { sessionId: `${event.session ?? ''}:${chat.chatId}` }),
    ...(EVENT_TYPES[event.type].content ? { chatInput: typeof text === 'string' ? text : '' } : {}),
    delivery: { attempt, subscription, cursor },
  };
}

/** How long ago the event happened, by this machine's clock, in whole seconds. */
export const ageSeconds = ({ occurredAt }: BridgeEvent['event']): number =>
  Math.max(0, Math.floor((Date.now() - Date.parse(occurredAt)) / 1_000));

/** Never rejects: a file that cannot be had is data in the item (`mediaError`). */
export async function toItem(
  context: ITriggerFunctions,
  frame: BridgeEvent,
  settings: MediaSettings,
): Promise<INodeExecutionData> {
  const json = toJson(frame);
  const media = mediaOf(frame);
  if (media === null || settings.binaryField === null) return { json };
  try {
    const { body, headers } = await bridgeRequest(context, {
      method: 'GET',
      path: `/v1/media/${encodeURIComponent(media.mediaId)}`,
      query: { waitMs: settings.waitMs },
      waitMs: settings.waitMs,
    });
    const mimeType = (headers['content-type'] ?? media.mimeType).split(';')[0]?.trim();
    const binary = await context.helpers.prepareBinaryData(body, media.fileName, mimeType);
    return { json, binary: { [settings.binaryField]: binary } };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { json: { ...json, mediaError: { code: codeOf(error), message } } };
  }
}

function mediaOf({ event }: BridgeEvent): MessageMedia | null {
  const media = event.data?.['media'];
  return typeof media === 'object' && media !== null && 'mediaId' in media ? (media as MessageMedia) : null;
}
