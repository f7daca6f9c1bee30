/** Files that are sent or received. */
import type { ErrorDefinition } from './definition.ts';

export const MEDIA_ERRORS = {
  WAB_MEDIA_NOT_FOUND: {
    status: 404,
    retryable: false,
    message: 'There is no media file {mediaId}. It may have expired; upload it again with PUT /v1/media/{mediaId}.',
  },
  WAB_MEDIA_PENDING: {
    status: 409,
    retryable: true,
    message: 'Media {mediaId} is still being fetched from WhatsApp. Ask again with ?waitMs=.',
  },
  WAB_MEDIA_FAILED: {
    status: 410,
    retryable: false,
    message: 'The file of media {mediaId} is not available: {reason}.',
  },
  WAB_MEDIA_EXISTS: {
    status: 409,
    retryable: false,
    message: 'Media {mediaId} already exists with different content. Upload the file under a new id.',
  },
  WAB_MEDIA_TOO_LARGE: {
    status: 413,
    retryable: false,
    message: 'The file is larger than the {limitBytes} allowed for {kind}. Send a smaller file.',
  },
  WAB_MEDIA_TYPE: {
    status: 415,
    retryable: false,
    message: 'The file is {found}, which cannot be sent as {kind}. Convert it, or send it as a document.',
  },
  WAB_RANGE_NOT_SATISFIABLE: {
    status: 416,
    retryable: false,
    message:
      'The range begins after the end of the file, which has {sizeBytes}. Ask for a range within it, or for the whole file.',
  },
  WAB_MEDIA_DAMAGED: {
    status: 500,
    retryable: false,
    message:
      'The bytes of media {mediaId} in the media store are not those that were stored there. Upload the file again under a new id.',
  },
  WAB_MEDIA_STORE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    message:
      'The media store {store} cannot be used now: {reason}. Nothing from this request was stored; try again later. `wabridge doctor` checks the store.',
  },
  WAB_MEDIA_STORE_UNUSABLE: {
    status: 500,
    retryable: false,
    message: 'The media store {store} cannot be used: {reason}. `wabridge doctor` checks it again.',
  },
  WAB_STORAGE_FULL: {
    status: 507,
    retryable: true,
    message:
      'The media store is full ({usedBytes} of {quotaBytes}). Free space, or raise the setting mediaQuotaBytes (WABRIDGE_MEDIA_QUOTA_BYTES).',
  },
} as const satisfies Record<string, ErrorDefinition>;
