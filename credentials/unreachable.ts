/** Why a request got no answer, in words that help somebody who does not know error codes. */

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name cannot be looked up',
  ETIMEDOUT: 'no answer in time',
  ECONNABORTED: 'no answer in time',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'the host is not reachable',
  EPROTO: 'it does not speak TLS there; try http:// in place of https://',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its TLS certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its TLS certificate is self-signed',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another name',
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A clause such as `nothing listens there (ECONNREFUSED)`. */
export function whyUnreachable(cause: unknown): string {
  const chain: string[] = [];
  let current: unknown = cause;
  for (let depth = 0; depth < 4 && current instanceof Error; depth += 1) {
    const { code, description } = current as Error & { code?: unknown; description?: unknown };
    chain.push(textOf(code), current.message, textOf(description));
    if (current instanceof AggregateError)
      chain.push(...current.errors.map((error) => textOf((error as { code?: unknown }).code)));
    current = current.cause;
  }
  const text = chain.join(' ');
  const code = Object.keys(WORDS).find((known) => text.includes(known));
  if (code !== undefined) return `${WORDS[code]} (${code})`;
  return cause instanceof Error ? cause.message : String(cause);
}
