/** Bodies are JSON in UTF-8 and nothing else; what does not parse is refused with its reason. */
import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import { WabError } from '../../contract/errors.ts';

const FORBIDDEN_NAMES = /"(?:__proto__|constructor)"\s*:/;

const install = (app: FastifyInstance, _options: object, done: () => void): void => {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, next) => {
    const bytes = body as Buffer;
    // Clients that always set the header send it on requests without a body too.
    if (bytes.length === 0) return next(null, undefined);
    try {
      const text = utf8.decode(bytes);
      const value: unknown = JSON.parse(text);
      if (FORBIDDEN_NAMES.test(text) && hasForbiddenName(value))
        throw new WabError('WAB_MALFORMED_JSON', { reason: 'it has a forbidden member name' });
      next(null, value);
    } catch (error) {
      next(
        error instanceof WabError
          ? error
          : new WabError('WAB_MALFORMED_JSON', { reason: reasonOf(error as Error) }, { cause: error }),
      );
    }
  });
  done();
};

export const jsonBody = plugin(install, { name: 'json-body' });

/** The parser's own message quotes the input; only its position is passed on. */
function reasonOf(error: Error): string {
  if ((error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    return 'it is not encoded as UTF-8';
  const position = /position \d+(?: \(line \d+ column \d+\))?/.exec(error.message);
  return position ? `it has a syntax error at ${position[0]}` : 'it ends too early';
}

function hasForbiddenName(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([name, member]) => name === '__proto__' || name === 'constructor' || hasForbiddenName(member),
  );
}
