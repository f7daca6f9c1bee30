/** Why a request got no answer, in words that help somebody who does not know error codes. */

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up',
  ETIMEDOUT: 'the connection timed out',
  ECONNABORTED: 'the connection timed out',
  ECONNRESET: 'the connection was closed',
  EPIPE: 'the connection was closed',
  EHOSTUNREACH: 'the host cannot be reached',
  EPROTO: 'it does not use TLS; try http:// instead of https://',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its TLS certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its TLS certificate is self-signed',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another host name',
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A clause such as `nothing listens there (ECONNREFUSED)`. */
export function describeUnreachable(cause: unknown): string {
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
