/** Pairing codes over a page that answers as a test tells it. The real page functions run in `test/browser`. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { EngineError } from '../../../../../bridge/src/engine/engine.ts';
import { DEADLINES, TransportError } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import { Login } from '../../../../../bridge/src/engine/webjs/login/login.ts';
import type { PairingResult } from '../../../../../bridge/src/engine/webjs/page/page-login.ts';
import { createLogger } from '../../../../../bridge/src/ops/logger.ts';
import { ManualClock, settle } from '../../../sessions/fake-engine.ts';
import type { PageCalls } from '../../../../../bridge/src/engine/webjs/page/page-calls.ts';

const PHONE = '+4915110000001';
const LIFETIME = DEADLINES.pairingCode;
const refused = (reason: string, status: number | null = null): PairingResult => ({
  given: false,
  why: 'refused',
  reason,
  status,
});
const missing: PairingResult = { given: false, why: 'missing', reason: '', status: null };

let clock: ManualClock;
let login: Login;
let signals: string[];
/** Of the QR code shown last. */
let expiry: Date;
let calls: [name: string, ...args: unknown[]][];
/** What `startPairing` answers next; a code where this is empty. */
let answers: (PairingResult | Error)[];
let document: string;
let count: number;
/** This machine's clock is ahead of WhatsApp's. */
let aheadMs: number;

beforeEach(() => {
  clock = new ManualClock();
  signals = [];
  calls = [];
  answers = [];
  document = 'first';
  count = 0;
  aheadMs = 0;
  const call = async (fn: { name: string }, _ms: number, ...args: unknown[]): Promise<unknown> => {
    calls.push([fn.name, ...args]);
    if (fn.name === 'readDocument') return document;
    if (fn.name === 'refreshQr') return undefined;
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    if (answer) return answer;
    count += 1;
    return { given: true, code: `CODE000${count}`, document, secret: `secret${count}` };
  };
  login = new Login(
    {
      page: () => ({ call }) as unknown as PageCalls,
      listener: {
        qr: (code, expiresAt) => (signals.push(`qr ${code}`), (expiry = expiresAt)),
        qrWithdrawn: () => signals.push('withdrawn'),
        pairingCode: ({ code }) => signals.push(`pairing ${code}`),
        authenticated: (linkedNow) => signals.push(`authenticated ${linkedNow}`),
      },
      deadlines: DEADLINES,
      clock,
      serverClock: { at: (ms) => Math.floor((clock.now() - clock.elapsed() + ms - aheadMs) / 1000) },
      log: createLogger('silent', 'json'),
    },
    0,
  );
});

const failureOf = (promise: Promise<unknown>): Promise<EngineError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as EngineError,
  );
const asked = (): unknown[] => calls.filter(([name]) => name === 'startPairing').map(([, ...args]) => args);

describe('a pairing code', () => {
  beforeEach(() => login.shown('ref,noise,identity,secret0,1'));

  test('is asked for with digits, and the QR code on display names the new secret', async () => {
    const given = await login.requestPairingCode(PHONE);
    expect(given).toEqual({ code: 'CODE0001', expiresAt: new Date(clock.now() + LIFETIME) });
    expect(asked()).toEqual([['4915110000001', true]]);
    expect(signals).toEqual(['qr ref,noise,identity,secret0,1', 'pairing CODE0001', 'qr ref,noise,identity,secret1,1']);
  });

  test('is asked for under the other form of a number where WhatsApp knows nobody under the first, and only then', async () => {
    answers = [refused('IQErrorItemNotFound', 404)];
    await login.requestPairingCode('+525512345678');
    answers = [refused('IQErrorItemNotFound', 404), refused('IQErrorItemNotFound', 404)];
    await expect(login.requestPairingCode('+5215512345678')).rejects.toMatchObject({
      code: 'WAB_PAIRING_REFUSED',
      message: expect.stringContaining('no account'),
    });
    answers = [refused('IQErrorForbidden', 403)];
    await expect(login.requestPairingCode('+525512345678')).rejects.toMatchObject({ code: 'WAB_PAIRING_REFUSED' });
    expect(asked()).toEqual(
      ['525512345678', '5215512345678', '5215512345678', '525512345678', '525512345678'].map((each) => [each, true]),
    );
  });

  test('is renewed five times without another notification, then no more', async () => {
    await login.requestPairingCode(PHONE);
    for (let renewal = 0; renewal < 8; renewal++) await clock.pass(LIFETIME);
    expect(asked()).toEqual([['4915110000001', true], ...Array.from({ length: 5 }, () => ['4915110000001', false])]);
    expect(signals.filter((each) => each.startsWith('pairing'))).toHaveLength(6);
  });

  test('is made again when the page was reloaded, and lives its whole time from then', async () => {
    await login.requestPairingCode(PHONE);
    await clock.pass(LIFETIME / 2);
    login.shown('ref2,noise,identity,secret1,1');
    await settle();
    expect(asked()).toHaveLength(1);
    document = 'second';
    login.shown('ref3,noise,identity,secret1,1');
    await settle();
    expect(asked()).toHaveLength(2);
    await clock.pass(LIFETIME / 2);
    expect(asked()).toHaveLength(2);
    await clock.pass(LIFETIME / 2);
    expect(asked()).toHaveLength(3);
  });

  test('keeps an idle page from being asked for new QR codes; without one it is', async () => {
    login.idle();
    expect(calls.filter(([name]) => name === 'refreshQr')).toHaveLength(1);
    await login.requestPairingCode(PHONE);
    login.idle();
    expect(calls.filter(([name]) => name === 'refreshQr')).toHaveLength(1);
    login.end();
    login.idle();
    expect(calls.filter(([name]) => name === 'refreshQr')).toHaveLength(2);
  });

  test('ends with the login', async () => {
    await login.requestPairingCode(PHONE);
    login.authenticated();
    await clock.pass(LIFETIME);
    expect(asked()).toHaveLength(1);
    expect(signals.at(-1)).toBe('authenticated true');
    expect(await failureOf(login.requestPairingCode(PHONE))).toMatchObject({
      outcome: 'fail',
      code: 'WAB_SESSION_STATE',
    });
  });

  test('a page between two codes is asked again', async () => {
    answers.push({ given: false, why: 'not-waiting', reason: 'OPENING', status: null });
    const asking = login.requestPairingCode(PHONE);
    await clock.pass(500);
    expect((await asking).code).toBe('CODE0001');
  });

  test.each([
    [refused('IQErrorRateOverlimit', 429), 'defer', 'WAB_PAIRING_LIMITED', /too many/],
    [refused('IQErrorBadRequest', 400), 'fail', 'WAB_PAIRING_REFUSED', /does not accept this number/],
    [refused('Error no account 4915110000001'), 'fail', 'WAB_PAIRING_REFUSED', /^Error no account …$/],
    [refused('IQErrorInternalServerError', 500), 'defer', 'WAB_SESSION_NOT_READY', /500/],
    [missing, 'fail', 'WAB_PAIRING_REFUSED', /QR code only/],
    [new TransportError('the page is gone'), 'defer', 'WAB_SESSION_NOT_READY', /gone/],
  ])('%o is told as it is', async (answer, outcome, code, message) => {
    answers.push(answer);
    const error = await failureOf(login.requestPairingCode(PHONE));
    expect(error).toMatchObject({ outcome, code, message: expect.stringMatching(message) });
    await clock.pass(LIFETIME);
    expect(asked()).toHaveLength(1);
  });

  test('a page that waits for nobody to the end of the deadline', async () => {
    for (let attempt = 0; attempt < 100; attempt++)
      answers.push({ given: false, why: 'not-waiting', reason: 'OPENING', status: null });
    const asking = failureOf(login.requestPairingCode(PHONE));
    for (let passed = 0; passed <= DEADLINES.call; passed += 500) await clock.pass(500);
    expect(await asking).toMatchObject({ outcome: 'defer', code: 'WAB_SESSION_NOT_READY' });
  });
});

test('no pairing code before a QR code is shown', async () => {
  expect(await failureOf(login.requestPairingCode(PHONE))).toMatchObject({ code: 'WAB_SESSION_NOT_READY' });
});

test('a QR code holds no longer than the page shows it, and one that did not link is shown again while it holds', async () => {
  const withdrawn = 'undefined,noise,identity,secret,1';
  login.shown('ref,noise,identity,secret,1');
  login.shown(withdrawn);
  login.shown(withdrawn);
  login.unauthenticated();
  expect(signals).toEqual(['qr ref,noise,identity,secret,1', 'withdrawn']);
  login.shown('ref2,noise,identity,secret,1');
  login.authenticated();
  login.authenticated();
  login.unauthenticated();
  login.unauthenticated();
  const again = 'qr ref2,noise,identity,secret,1';
  expect(signals.slice(2)).toEqual([again, 'authenticated true', again]);
  login.authenticated();
  await clock.pass(60_000);
  login.unauthenticated();
  expect(signals.slice(5)).toEqual(['authenticated true']);
});

test('since when the account belongs to the session is told by WhatsApp’s clock, as soon as that is known', () => {
  const now = clock.now() / 1000;
  login.shown('ref,noise,identity,secret0,1');
  expect(login.linkedAt).toBe(now - 120);
  aheadMs = 5 * 60_000;
  expect(login.linkedAt).toBe(now - 420);
});

test('a clock that is set after the code was shown does not move the time since when the account belongs to the session', () => {
  aheadMs = -7_200_000;
  login.shown('ref,noise,identity,secret0,1');
  const linkedAt = clock.now() / 1000 + 7_200 - 120;
  login.dated();
  aheadMs = 0;
  expect(login.linkedAt).toBe(linkedAt);
  login.shown('ref2,noise,identity,secret0,1');
  login.dated();
  expect(login.linkedAt).toBe(clock.now() / 1000 - 120);
});

describe.each([-7_200_000, 7_200_000])('where the clock is set by %i ms', (by) => {
  const notWaiting: PairingResult = { given: false, why: 'not-waiting', reason: 'OPENING', status: null };

  test('a page between two codes is asked for a pairing code as long as ever', async () => {
    login.shown('ref,noise,identity,secret0,1');
    answers = Array.from({ length: 1_000 }, () => notWaiting);
    const asking = failureOf(login.requestPairingCode(PHONE));
    await clock.pass(DEADLINES.call / 2);
    clock.set(by);
    for (let passed = 0; passed < DEADLINES.call; passed += 500) await clock.pass(500);
    expect(await asking).toMatchObject({ outcome: 'defer', code: 'WAB_SESSION_NOT_READY' });
    expect(asked().length).toBeGreaterThan(DEADLINES.call / 2 / 500);
  });

  test('a QR code that was taken and still holds is shown again, with the end that it has by the new time', async () => {
    login.shown('ref,noise,identity,secret,1');
    login.authenticated();
    await clock.pass(30_000);
    clock.set(by);
    login.unauthenticated();
    expect(signals).toEqual(['qr ref,noise,identity,secret,1', 'authenticated true', 'qr ref,noise,identity,secret,1']);
    expect(expiry).toEqual(new Date(clock.now() + 30_000));
    login.authenticated();
    await clock.pass(30_000);
    login.unauthenticated();
    expect(signals).toHaveLength(4);
  });
});
