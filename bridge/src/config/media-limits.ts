import type { Settings } from './settings.ts';

/** The largest file in bytes, by what it is sent or received as. */
export function mediaLimits(settings: Settings) {
  return {
    image: settings.mediaMaxImageBytes,
    video: settings.mediaMaxVideoBytes,
    audio: settings.mediaMaxAudioBytes,
    document: settings.mediaMaxDocumentBytes,
  };
}
