/** Media: prepared and uploaded over fetch, downloaded over fetch. Nothing is encrypted: the stand-in has no secrets. */
import { link } from './connection.js';
import { MsgModel } from './messages.js';
import { define } from './registry.js';

class OpaqueData {
  static async createFromData(blob, type) {
    return Object.assign(new OpaqueData(), { blob, type });
  }

  url() {
    return 'blob:standin';
  }

  formData() {
    return this.blob;
  }

  autorelease() {}
}

const objects = new Map();

async function hashOf(blob) {
  const digest = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

function typeOf(mimetype, { asDocument, asSticker, isPtt }) {
  if (asSticker) return 'sticker';
  if (asDocument) return 'document';
  const [family] = mimetype.split('/');
  if (family === 'audio') return isPtt ? 'ptt' : 'audio';
  return family === 'image' || family === 'video' ? family : 'document';
}

function getOrCreateMediaObject(filehash) {
  if (!objects.has(filehash)) {
    objects.set(filehash, {
      filehash,
      contentInfo: {},
      consolidate(data) {
        Object.assign(this, { type: data.type, size: data.size });
      },
    });
  }
  return objects.get(filehash);
}

/** The data spread into a message: its methods stay behind. */
class MediaData {
  set(values) {
    Object.assign(this, values);
  }

  toJSON() {
    const { mediaBlob, ...plain } = this;
    return plain;
  }
}

function prepRawMedia(opaque, options) {
  return {
    waitForPrep: async () => {
      if (window.STANDIN.decodesPictures && opaque.type.startsWith('image/')) await createImageBitmap(opaque.blob);
      const filehash = await hashOf(opaque.blob);
      Object.assign(getOrCreateMediaObject(filehash), { blob: opaque.blob });
      const data = new MediaData();
      data.set({
        type: typeOf(opaque.type, options),
        mimetype: opaque.type,
        filehash,
        size: opaque.blob.size,
        filename: opaque.blob.name,
        preview: '',
        isGif: Boolean(options.asGif),
        mediaBlob: opaque,
      });
      return data;
    },
  };
}

async function upload(blob, mimetype) {
  const response = await fetch('/mms', { method: 'POST', headers: { 'content-type': mimetype }, body: blob });
  if (!response.ok) throw new Error(`upload failed with ${response.status}`);
  const { directPath } = await response.json();
  return {
    url: `https://${location.host}${directPath}`,
    directPath,
    mediaKey: btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32)))),
    mediaKeyTimestamp: Math.floor(Date.now() / 1000),
  };
}

async function uploadMedia({ mimetype, mediaObject }) {
  const { url, ...uploaded } = await upload(mediaObject.blob, mimetype);
  const { filehash } = mediaObject;
  return { mediaEntry: { ...uploaded, mmsUrl: url, encFilehash: filehash, uploadHash: filehash } };
}

/** The way of stickers. */
async function encryptAndUpload({ blob, mediaKey }) {
  const uploaded = await upload(blob, 'image/webp');
  return { ...uploaded, mediaKey, mimetype: 'image/webp', encFilehash: await hashOf(blob) };
}

/** Looks whether the file can be had; one that is gone is asked of the sender's phone, which uploads it again. */
MsgModel.prototype.downloadMedia = async function downloadMedia() {
  const { mediaData, directPath } = this;
  mediaData.mediaStage = 'FETCHING';
  const { ok, status } = await fetch(directPath, { method: 'HEAD' }).catch(() => ({ ok: false, status: 0 }));
  if (!ok && status === 404) {
    mediaData.mediaStage = 'REUPLOADING';
    const isBack = await link.request({ type: 'reupload', directPath }).catch(() => false);
    mediaData.mediaStage = isBack ? 'RESOLVED' : 'ERROR_MISSING';
  } else mediaData.mediaStage = ok ? 'RESOLVED' : 'ERROR_UNKNOWN';
};

async function downloadAndMaybeDecrypt({ directPath, signal }) {
  const response = await fetch(directPath, { signal });
  if (!response.ok)
    throw Object.assign(new Error(`download failed with ${response.status}`), { status: response.status });
  return response.arrayBuffer();
}

define('WAWebMediaOpaqueData', OpaqueData);
define('WAWebPrepRawMedia', { prepRawMedia });
define('WAWebMediaStorage', { getOrCreateMediaObject });
define('WAWebMmsMediaTypes', { msgToMediaType: ({ type }) => type, castToV4: (type) => type });
define('WAWebMediaDataUtils', { shouldUseMediaCache: () => false });
define('WAWebMediaInMemoryBlobCache', { InMemoryMediaBlobCache: { put: () => undefined } });
define('WAWebMediaMmsV4Upload', { uploadMedia });
define('WAWebUploadManager', { encryptAndUpload });
define('WAWebStartMediaUploadQpl', { startMediaUploadQpl: () => ({}) });
define('WAWebImageUtils', { toWebpSticker: async (file) => new Blob([file], { type: 'image/webp' }) });
define('WAWebDownloadManager', { downloadManager: { downloadAndMaybeDecrypt } });
