/** Media files as clients see them. */
import Type, { type Static } from 'typebox';
import type { MediaId, SessionName } from '../ids.ts';
import { branded, literals, nullable, object, Timestamp } from '../schema.ts';

export const MediaView = object(
  {
    mediaId: branded<MediaId>(),
    session: nullable(branded<SessionName>()),
    state: literals(['pending', 'stored', 'failed']),
    mimeType: Type.String({ description: 'found in the bytes' }),
    sizeBytes: Type.Integer(),
    sha256: Type.String(),
    fileName: nullable(Type.String()),
    failure: nullable(Type.String()),
    createdAt: Timestamp,
  },
  { $id: 'Media' },
);
export type MediaView = Static<typeof MediaView>;
