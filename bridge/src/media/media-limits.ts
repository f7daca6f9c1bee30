/** Largest file in bytes, by what it is sent or received as. */
import type { FileRules } from '../contract/kind.ts';
import { KIND_CATALOGUE, type MediaKind } from '../contract/kinds.ts';

export type MediaLimits = Readonly<Record<FileRules['limit'], number>>;

/** The limit for a message's medium. */
export const limitFor = (limits: MediaLimits, kind: MediaKind): number => limits[KIND_CATALOGUE[kind].file.limit];
