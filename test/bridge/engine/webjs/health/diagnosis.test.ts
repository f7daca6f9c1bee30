import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  busyWords,
  diagnose,
  diagnoseSilence,
  givenUp,
  lasting,
  withRemedy,
} from '../../../../../bridge/src/engine/webjs/health/diagnosis.ts';
import { healthReport, NO_BROWSER, type Facts } from '../../../../../bridge/src/engine/webjs/health/health-report.ts';
import { refusalOf } from '../../../../../bridge/src/engine/webjs/page/refusal.ts';

const WELL = { fresh: 0, listeners: 'ok', line: 'ok', unread: 0 } as const;

describe('diagnosis', () => {
  test('nothing is wrong where nothing is found, or where a probe cannot tell', () => {
    expect(diagnose(WELL)).toBeNull();
    expect(diagnose({ ...WELL, listeners: 'unknown', line: 'unknown' })).toBeNull();
  });

  test('each finding has its ailment and its words', () => {
    expect(diagnose({ ...WELL, fresh: 1 })).toMatchObject({ fault: 'some_events_missing' });
    for (const listeners of ['failed', 'unknown'] as const)
      expect(diagnose({ ...WELL, fresh: 1, listeners })).toMatchObject({ fault: 'no_events' });
    expect(diagnose({ ...WELL, fresh: 1 })?.words).toContain('1 new message that');
    expect(diagnose({ ...WELL, listeners: 'failed' })).toMatchObject({ fault: 'no_events' });
    expect(diagnose({ ...WELL, line: 'failed' })).toMatchObject({ fault: 'half_open' });
    expect(diagnose({ ...WELL, unread: 1 })).toMatchObject({ fault: 'unread' });
    expect(diagnose({ ...WELL, unread: 3 })?.words).toMatch(/^3 chats have/);
    expect(diagnose({ ...WELL, unread: Infinity })?.words).toContain('does not list its chats');
    expect(diagnose({ ...WELL, unread: 3, listeners: 'failed' })).toMatchObject({ fault: 'no_events' });
    expect(diagnoseSilence({ page: 'hung', silentMs: 45_000 })).toMatchObject({ fault: 'hung' });
    expect(diagnoseSilence({ page: 'stuck', silentMs: 600_000 })?.words).toContain('10 min');
    for (const page of ['answers', 'silent', 'busy'] as const) {
      expect(diagnoseSilence({ page, silentMs: 60_000 })).toBeNull();
    }
  });

  test('what is done is told with what is wrong, and at the end what a person can do', () => {
    const diagnosis = { fault: 'no_events', words: 'it hears nothing' } as const;
    expect(withRemedy(diagnosis, 'reload')).toBe('it hears nothing; it is being reloaded');
    expect(givenUp(diagnosis, 5, 3_600_000)).toMatch(
      /after 5 new browsers\. Check .* start the session; .* in 60 min$/,
    );
  });

  test('a busy page is told of from a time on, and each text holds for twice as long as the one before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 599_999 }), (silentMs) => {
        const words = busyWords(silentMs, 30_000);
        if (silentMs < 30_000) return expect(words).toBeNull();
        expect(words).toMatch(/busy for (30 s|60 s|2 min|4 min|8 min) or more/);
      }),
    );
    const texts = new Set(Array.from({ length: 600 }, (_, second) => busyWords(second * 1_000, 30_000)));
    expect(texts.size).toBe(6);
  });

  test('a length of time is said in words that a person uses', () => {
    expect([900, 45_000, 119_000, 120_000, 3_600_000].map(lasting)).toEqual([
      '1 s',
      '45 s',
      '119 s',
      '2 min',
      '60 min',
    ]);
  });
});

describe('refusal', () => {
  test.each(['TOS_BLOCK', 'SMB_TOS_BLOCK', 'PROXYBLOCK', 'DEPRECATED_VERSION'])(
    '%s says what a person can do',
    (state) => expect(refusalOf(state)).toMatch(new RegExp(`start the session again \\(${state}\\)$`)),
  );

  test.each(['CONNECTED', 'OPENING', 'TIMEOUT', 'UNPAIRED', 'UNPAIRED_IDLE', 'CONFLICT', 'null', ''])(
    '%s is none',
    (state) => expect(refusalOf(state)).toBeNull(),
  );
});

describe('report', () => {
  const facts: Facts = {
    isReady: true,
    liveness: { browser: 'answers', version: 'Chrome/1', page: 'answers', silentMs: 0 },
    lastReceivedAt: 90_000,
    health: {
      results: new Map([
        ['listeners', { outcome: 'ok', at: 95_000 }],
        ['line', { outcome: 'ok', at: 20_000 }],
        ['missed_messages', { outcome: 'ok', at: 95_000 }],
      ]),
      version: '2.3000.1',
      diagnosis: null,
      unread: 0,
    },
    now: 100_000,
  };
  const states = (from: Partial<Facts>): Record<string, string> =>
    Object.fromEntries(healthReport({ ...facts, ...from }).checks.map(({ name, state }) => [name, state]));

  test('a session that works: every check is ok, with what was seen and when', () => {
    const { checks } = healthReport(facts);
    expect(checks.map(({ state }) => state)).toEqual(checks.map(() => 'ok'));
    expect(checks.map(({ detail }) => detail)).toEqual([
      'Chrome/1 answers',
      'WhatsApp Web 2.3000.1 answers',
      'connected and synchronised',
      "last received data from WhatsApp's server 10 s ago",
      'an event arrived 5 s ago',
      'last activity from WhatsApp 10 s ago',
      "none in WhatsApp Web's store 5 s ago",
    ]);
  });

  test('each trouble fails its own check', () => {
    expect(states({ isReady: false })).toMatchObject({ connection: 'failed', line: 'unknown' });
    expect(states({ liveness: { ...facts.liveness, browser: 'silent' } })).toMatchObject({ browser: 'failed' });
    expect(states({ liveness: { ...facts.liveness, page: 'busy', silentMs: 40_000 } })).toMatchObject({
      page: 'failed',
    });
    expect(states({ liveness: { ...facts.liveness, page: 'hung', silentMs: 50_000 } })).toMatchObject({
      page: 'failed',
    });
    const results = new Map([
      ['listeners', { outcome: 'failed', at: 95_000 }],
      ['line', { outcome: 'failed', at: 95_000 }],
    ] as const);
    const diagnosis = { fault: 'no_events', words: 'it hears nothing' } as const;
    expect(states({ health: { ...facts.health, results, diagnosis } })).toMatchObject({
      listeners: 'failed',
      line: 'failed',
      'missed messages': 'failed',
    });
  });

  test('chats that could not be read fail the check of missed messages, also while nothing is done about it', () => {
    const { checks } = healthReport({ ...facts, health: { ...facts.health, unread: 2 } });
    expect(checks.filter(({ state }) => state !== 'ok')).toEqual([
      { name: 'missed messages', state: 'failed', detail: expect.stringMatching(/^2 chats have missed messages/) },
    ]);
  });

  test('what is not known yet fails nothing', () => {
    const health = { results: new Map(), version: null, diagnosis: null, unread: 0 };
    const starting = states({
      isReady: false,
      lastReceivedAt: null,
      health,
      liveness: { ...facts.liveness, browser: 'unknown', version: null },
    });
    expect(starting).toEqual({
      browser: 'unknown',
      page: 'ok',
      connection: 'failed',
      line: 'unknown',
      listeners: 'unknown',
      events: 'unknown',
      'missed messages': 'unknown',
    });
    expect(NO_BROWSER.checks).toMatchObject([{ name: 'browser', state: 'failed' }]);
  });
});
