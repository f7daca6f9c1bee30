import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CredentialTestContext } from 'n8n-core';
import type { ICredentialTestFunctions, INodeCredentialTestResult, IWorkflowExecuteAdditionalData } from 'n8n-workflow';
import { waBridgeApiTest } from '../../credentials/credential-test';

const signingKey = 'wabk_TESTKEY1_n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU';
const allScopes = ['sessions:read', 'events:read', 'messages:read', 'messages:send'];

let server: Server;
let origin: string;
let requests: string[];
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(
      `${request.method} ${request.url} ${request.headers['signature'] === undefined ? 'unsigned' : 'signed'}`,
    );
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  requests = [];
  answer = json(200, { keyId: 'TESTKEY1', scopes: allScopes, sessions: null, expiresAt: null });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const json =
  (status: number, body: object, type = 'application/json') =>
  (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
  };

/** As n8n runs it, with n8n's own context. */
function run(data: Record<string, string> = {}): Promise<INodeCredentialTestResult> {
  const context = new CredentialTestContext(
    {} as unknown as IWorkflowExecuteAdditionalData,
  ) as unknown as ICredentialTestFunctions;
  return waBridgeApiTest.call(context, {
    id: '1',
    name: 'test',
    type: 'waBridgeApi',
    data: { baseUrl: origin, privateKey: signingKey, ...data },
  });
}

test('a key that works', async () => {
  expect(await run()).toEqual({ status: 'OK', message: 'Connection successful!' });
  expect(requests).toEqual(['GET /v1/whoami signed']);
});

test('below a path, with a slash at its end', async () => {
  expect(await run({ baseUrl: `${origin}/wabridge/` })).toMatchObject({ status: 'OK' });
  expect(requests).toEqual(['GET /wabridge/v1/whoami signed']);
});

describe('a failure says what is wrong', () => {
  const failure = async (data?: Record<string, string>): Promise<string> => {
    const { status, message } = await run(data);
    expect(status).toBe('Error');
    return message;
  };

  test.each([
    [
      401,
      'WAB_SIGNATURE_EXPIRED',
      'The signature is outside its time window: the client’s clock is about 300 s behind the bridge’s clock.',
    ],
    [401, 'WAB_KEY_UNKNOWN', 'This bridge does not know key TESTKEY1.'],
    [
      401,
      'WAB_WRONG_AUTHORITY',
      'The request was signed for other.example, which is not one of this bridge’s public URLs.',
    ],
    [403, 'WAB_SCOPE_MISSING', 'Key TESTKEY1 does not have the scope sessions:read.'],
  ])('%i %s in the words of the bridge', async (status, code, detail) => {
    answer = json(
      status,
      { type: `urn:wabridge:error:${code}`, title: code, status, code, detail },
      'application/problem+json',
    );
    expect(await failure()).toBe(`${detail} (${code})`);
  });

  test('nothing listens', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await new Promise((resolve) => other.close(resolve));
    expect(await failure({ baseUrl: `http://127.0.0.1:${port}` })).toMatch(
      /cannot be reached: the connection was refused \(ECONNREFUSED\).*Docker/,
    );
  });

  test('the host name is unknown', async () => {
    expect(await failure({ baseUrl: 'http://no-such-host.invalid' })).toMatch(/cannot be reached: the host name/);
  });

  test('TLS where there is none', async () => {
    expect(await failure({ baseUrl: origin.replace('http:', 'https:') })).toMatch(
      /cannot be reached: .*(TLS|EPROTO|SSL)/i,
    );
  });

  test('the connection is cut', async () => {
    answer = (response) => response.destroy();
    expect(await failure()).toMatch(/cannot be reached: the connection was closed/);
  });

  test('something else answers', async () => {
    answer = (response) => response.end('<html>hello</html>');
    expect(await failure()).toMatch(/answered with status 200, but the answer is not from wabridge/);
    answer = json(404, { message: 'no such route' });
    expect(await failure()).toMatch(/answered with status 404, but the answer is not from wabridge/);
  });

  test('it redirects', async () => {
    answer = (response) => response.writeHead(301, { location: `${origin}/elsewhere` }).end();
    expect(await failure()).toMatch(/redirects/);
    expect(requests).toHaveLength(1);
  });

  test.each([
    [['events:read', 'messages:send'], /does not have the scope sessions:read/],
    [['sessions:read'], /has neither of the scopes events:read .* and messages:send/],
  ])('scopes that no node can work with: %j', async (scopes, message) => {
    answer = json(200, { keyId: 'TESTKEY1', scopes });
    expect(await failure()).toMatch(message);
  });

  test.each(['', 'wabk_TESTKEY1_short'])('the signing key %j, without asking anybody', async (text) => {
    expect(await failure({ privateKey: text })).toMatch(/signing key .* incomplete/);
    expect(requests).toEqual([]);
  });

  test('the base URL', async () => {
    expect(await failure({ baseUrl: 'wa.example.org' })).toMatch(/base URL .* is not a valid URL/);
  });
});

test.each([['events:read'], ['messages:send']])('a key for one of the nodes alone is fine: %s', async (scope) => {
  answer = json(200, { keyId: 'TESTKEY1', scopes: ['sessions:read', scope] });
  expect(await run()).toMatchObject({ status: 'OK' });
});
