/** Largest file in bytes, by what it is sent or received as. */
import type { MediaKind } from '../contract/message-data.ts';
import type { SendableKind } from './media-type.ts';

export type MediaLimits = Readonly<Record<SendableKind, number>>;

/** The limit for a message's medium; stickers are images. */
export const limitFor = (limits: MediaLimits, kind: MediaKind): number => limits[kind === 'sticker' ? 'image' : kind];
