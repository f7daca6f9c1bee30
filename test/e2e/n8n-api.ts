/** n8n's internal API, as its editor calls it. */
import { randomUUID } from 'node:crypto';
import type { Owner } from './n8n-owner.ts';

export class N8nApi {
  readonly #url: string;
  readonly #owner: Owner;
  readonly #browserId = randomUUID();
  #cookie = '';

  constructor(url: string, owner: Owner) {
    this.#url = url;
    this.#owner = owner;
  }

  async isReady(): Promise<boolean> {
    return await fetch(`${this.#url}/healthz/readiness`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** False if it failed: the API may be mounted a moment after n8n calls itself ready. */
  async logIn(): Promise<boolean> {
    const { email, password } = this.#owner;
    const response = await fetch(`${this.#url}/rest/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'browser-id': this.#browserId },
      body: JSON.stringify({ emailOrLdapLoginId: email, password }),
    }).catch(() => null);
    const cookie =
      response?.ok === true ? response.headers.getSetCookie().find((line) => line.startsWith('n8n-auth=')) : undefined;
    await response?.body?.cancel();
    if (cookie === undefined) return false;
    this.#cookie = cookie.split(';')[0] ?? '';
    return true;
  }

  /** A call of n8n's internal API as the owner. @returns the `data` of its answer */
  async rest<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${this.#url}/rest${path}`, {
      method,
      headers: {
        cookie: this.#cookie,
        'browser-id': this.#browserId,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`n8n answered ${method} ${path} with ${response.status}: ${text.slice(0, 2_000)}`);
    return (JSON.parse(text) as { data: Answer }).data;
  }
}
