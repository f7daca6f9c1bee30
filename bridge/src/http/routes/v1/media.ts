/** Media: raw upload, download, and what is known of a file. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { WabError } from '../../../contract/errors.ts';
import { WaitMs } from '../../../contract/fields.ts';
import type { MediaId } from '../../../contract/ids.ts';
import { object } from '../../../contract/schema.ts';
import { MediaView } from '../../../contract/views/media.ts';
import { mayUse, type MediaInfo, type MediaLibrary } from '../../../media/media-library.ts';
import type { ByteRange } from '../../../media/media-store.ts';
import { principalOf } from '../../access.ts';
import { rangeOf } from '../../byte-range.ts';
import type { AppDependencies } from '../../services.ts';
import { answers, MediaParams } from '../schemas.ts';

// The name travels in the query, which the signature covers, and not in a header, which it does not.
const UploadQuery = object({ fileName: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })) });
const WaitQuery = object({ waitMs: WaitMs });

type Needs = { deps: Pick<AppDependencies, 'media'> };
type App = Parameters<FastifyPluginAsyncTypebox<Needs>>[0];

const tags = ['media'];
const readConfig = { scope: 'messages:read' } as const;

export const mediaRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { deps: { media } }) => {
  // Uploads are streams whatever their type, even if the file is JSON.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, next) => next(null, payload));
  addUpload(app, media);
  addInfo(app, media);
  addDownload(app, media);
};

/** A file of others answers like one that does not exist. */
async function find(media: MediaLibrary, request: FastifyRequest, id: string, waitMs?: number): Promise<MediaInfo> {
  const mediaId = id as MediaId;
  const found = await media.info(mediaId);
  if (!mayUse(principalOf(request).sessions, found)) throw new WabError('WAB_MEDIA_NOT_FOUND', { mediaId });
  return found.state === 'pending' && waitMs ? media.info(mediaId, waitMs) : found;
}

function addUpload(app: App, media: MediaLibrary): void {
  app.put(
    '/media/:mediaId',
    {
      config: { scope: 'messages:send' },
      schema: {
        operationId: 'uploadMedia',
        summary: 'Upload a file as the raw body, with an id chosen by the client',
        tags,
        consumes: ['application/octet-stream'],
        params: MediaParams,
        querystring: UploadQuery,
        response: answers({ 201: MediaView }),
      },
    },
    async (request, reply) => {
      const body = request.body as NodeJS.ReadableStream | undefined;
      if (body === undefined || body === null || request.contentSha256 === null)
        throw new WabError('WAB_INVALID_REQUEST', { reason: 'the body must be the file, and it is missing' });
      const length = request.headers['content-length'];
      const stored = await media.upload(
        {
          mediaId: request.params.mediaId as MediaId,
          sha256: request.contentSha256,
          sizeBytes: length === undefined ? null : Number(length),
          fileName: request.query.fileName ?? null,
          sessions: principalOf(request).sessions,
        },
        body,
      );
      return reply.code(201).send(viewOf(stored));
    },
  );
}

function addInfo(app: App, media: MediaLibrary): void {
  app.get(
    '/media/:mediaId/info',
    {
      config: readConfig,
      schema: {
        operationId: 'getMediaInfo',
        summary: 'The metadata of a file',
        tags,
        params: MediaParams,
        querystring: WaitQuery,
        response: answers({ 200: MediaView }),
      },
    },
    async (request) => viewOf(await find(media, request, request.params.mediaId, request.query.waitMs)),
  );
}

function addDownload(app: App, media: MediaLibrary): void {
  app.get(
    '/media/:mediaId',
    {
      config: readConfig,
      schema: {
        operationId: 'downloadMedia',
        summary: 'The content of a file; a part of it if the header Range asks for one range of bytes',
        tags,
        params: MediaParams,
        querystring: WaitQuery,
        response: answers({
          200: {
            description: 'The file',
            content: { 'application/octet-stream': { schema: Type.String({ format: 'binary' }) } },
          },
          206: {
            description: 'The part that was asked for; Content-Range says which it is',
            content: { 'application/octet-stream': { schema: Type.String({ format: 'binary' }) } },
          },
        }),
      },
    },
    async (request, reply) => {
      const known = await find(media, request, request.params.mediaId, request.query.waitMs);
      const range = partOf(known, request, reply);
      const { info, stream } = await media.open(request.params.mediaId as MediaId, range ?? undefined);
      if (range !== null)
        reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${info.sizeBytes}`);
      return reply
        .type(info.mimeType)
        .header('content-length', range === null ? info.sizeBytes : range.end - range.start + 1)
        .header('accept-ranges', 'bytes')
        .header('etag', etagOf(info))
        .header('content-disposition', `attachment; filename*=UTF-8''${encodeRfc5987(info.fileName ?? info.mediaId)}`)
        .header('content-security-policy', "default-src 'none'; sandbox")
        .header('cache-control', 'private, no-store')
        .send(stream as unknown as string);
    },
  );
}

/** @throws WabError WAB_RANGE_NOT_SATISFIABLE, with the size of the file in a header */
function partOf(info: MediaInfo, request: FastifyRequest, reply: FastifyReply): ByteRange | null {
  if (info.state !== 'stored') return null;
  const range = rangeOf(request.headers, info.sizeBytes, etagOf(info));
  if (range === 'all') return null;
  if (range !== 'unsatisfiable') return range;
  reply.header('content-range', `bytes */${info.sizeBytes}`);
  throw new WabError('WAB_RANGE_NOT_SATISFIABLE', { sizeBytes: info.sizeBytes });
}

/** A file under an id never changes, so its digest is its strong tag. */
const etagOf = ({ sha256 }: MediaInfo): string => `"${sha256}"`;

/** What clients see: whose a file is does not concern them. */
function viewOf({ owners: _owners, ...view }: MediaInfo): MediaView {
  return view;
}

const encodeRfc5987 = (text: string): string =>
  encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /['()*!]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
