import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SESSION_STATES } from '../../../bridge/src/contract/session-states.ts';
import { atRest, step, type Action, type Input, type Machine } from '../../../bridge/src/sessions/session-machine.ts';

const signal = fc.constantFrom<Input>(
  { on: 'qr' },
  { on: 'qr_withdrawn' },
  { on: 'pairing_code' },
  { on: 'authenticated' },
  { on: 'ready' },
  { on: 'progress', reason: 'half of it is loaded' },
  { on: 'interrupted', reason: 'line lost' },
  { on: 'degraded', reason: 'slow' },
  { on: 'degraded', reason: 'no pictures' },
  { on: 'recovered' },
  { on: 'logged_out', reason: 'unlinked' },
  { on: 'refused', reason: 'blocked' },
  { on: 'crashed', reason: 'healed in vain', retryAfterMs: 3_600_000 },
  { on: 'crashed', reason: 'died' },
  { on: 'deadline' },
  { on: 'retry_due' },
  { on: 'stable' },
  { on: 'engine_gone' },
);
const command = fc.constantFrom<Input>({ on: 'start', reason: 'wanted' }, { on: 'stop', reason: 'unwanted' });
const inputs = (max = 40) =>
  fc.array(fc.oneof({ weight: 4, arbitrary: signal }, { weight: 1, arbitrary: command }), { maxLength: max });

/** The trace of a run: each input with the machine before and after and the actions. */
function run(sequence: readonly Input[], from: Machine = atRest('stopped', 'new')) {
  let machine = from;
  return sequence.map((input) => {
    const before = machine;
    const { machine: after, actions } = step(before, input);
    machine = after;
    return { input, before, after, actions };
  });
}
const end = (sequence: readonly Input[], from?: Machine): Machine =>
  run(sequence, from).at(-1)?.after ?? atRest('stopped', 'new');
const did = (actions: readonly Action[]): string[] =>
  actions.map((action) => ('timer' in action ? `${action.do} ${action.timer}` : action.do));

describe('session machine: properties', () => {
  test('no sequence of inputs reaches an undefined state, and every state says why', () => {
    fc.assert(
      fc.property(inputs(), (sequence) => {
        for (const { after } of run(sequence)) {
          expect(SESSION_STATES).toContain(after.state);
          expect(after.reason).not.toBe('');
          expect(after.attempt).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  test('stop reaches stopped, whatever is signalled before and afterwards', () => {
    fc.assert(
      fc.property(
        inputs(),
        fc.array(
          signal.filter((input) => input.on !== 'engine_gone'),
          { maxLength: 10 },
        ),
        (before, late) => {
          const stopping = end([...before, { on: 'stop', reason: 'enough' }, ...late]);
          expect(['stopping', 'stopped']).toContain(stopping.state);
          expect(end([{ on: 'engine_gone' }], stopping).state).toBe('stopped');
        },
      ),
    );
  });

  test('stopping ends the engine, unless there is none', () => {
    fc.assert(
      fc.property(inputs(), (sequence) => {
        for (const { before, after, actions } of run([...sequence, { on: 'stop', reason: 'enough' }])) {
          if (after.state === 'stopping' && before.state !== 'stopping') expect(did(actions)).toContain('discard');
        }
      }),
    );
  });

  test('logged_out is left by an operator alone', () => {
    fc.assert(
      fc.property(inputs(), fc.array(signal, { maxLength: 20 }), (before, signals) => {
        const machine = end([...before, { on: 'logged_out', reason: 'unlinked' }]);
        // Too many in a row that are not make fast-check fail: enough cases are real ones.
        fc.pre(machine.state === 'logged_out');
        const trace = run(signals, machine);
        expect(trace.every(({ after }) => after.state === 'logged_out')).toBe(true);
        expect(trace.flatMap(({ actions }) => did(actions))).not.toContain('launch');
      }),
    );
  });

  test('a session that WhatsApp refuses is left alone until an operator starts it', () => {
    fc.assert(
      fc.property(inputs(), fc.array(signal, { maxLength: 20 }), (before, signals) => {
        const machine = end([...before, { on: 'refused', reason: 'blocked' }]);
        fc.pre(machine.refused);
        const trace = run(
          signals.filter(({ on }) => on !== 'logged_out'),
          machine,
        );
        expect(trace.every(({ after }) => after.state === 'failed' && after.refused)).toBe(true);
        expect(trace.flatMap(({ actions }) => did(actions))).not.toContain('launch');
        expect(end([{ on: 'start', reason: 'reviewed' }], machine)).toMatchObject({
          state: 'starting',
          refused: false,
        });
      }),
    );
  });

  test('refused is a failed session; a session at rest is not degraded', () => {
    fc.assert(
      fc.property(inputs(), (sequence) => {
        for (const { after } of run(sequence)) {
          if (after.refused) expect(after.state).toBe('failed');
          if (['stopping', 'stopped', 'logged_out'].includes(after.state) || after.refused)
            expect(after.degraded).toBeNull();
        }
      }),
    );
  });

  test('each onset that is announced has at most one end, and no end comes without an onset', () => {
    fc.assert(
      fc.property(inputs(80), (sequence) => {
        let open = false;
        for (const { after, actions } of run(sequence)) {
          for (const action of did(actions)) {
            if (action === 'announce_recovered') expect(open).toBe(true);
            if (action === 'announce_degraded') open = true;
            if (action === 'announce_recovered') open = false;
          }
          open &&= after.degraded !== null;
          expect(after.degraded !== null).toBe(open);
        }
      }),
    );
  });

  test('a pause is waited out in failed, for exactly as long as it was asked for', () => {
    fc.assert(
      fc.property(inputs(), fc.integer({ min: 1, max: 1e9 }), (before, retryAfterMs) => {
        const machine = end(before);
        const { machine: after, actions } = step(machine, { on: 'crashed', reason: 'in vain', retryAfterMs });
        fc.pre(after !== machine);
        expect(after.state).toBe('failed');
        expect(actions).toContainEqual(expect.objectContaining({ do: 'arm', timer: 'retry', waitMs: retryAfterMs }));
        expect(did(actions)).toContain('discard');
      }),
    );
  });

  test('ready is entered by a ready signal alone', () => {
    fc.assert(
      fc.property(inputs(), (sequence) => {
        for (const { input, before, after } of run(sequence)) {
          if (after.state === 'ready' && before.state !== 'ready') expect(input.on).toBe('ready');
        }
      }),
    );
  });

  test('at most one engine: between two launches the first is discarded', () => {
    fc.assert(
      fc.property(inputs(80), (sequence) => {
        let engines = 0;
        for (const { input, after, actions } of run(sequence)) {
          // A retry is due only where one was armed, which a state with an engine never leaves behind.
          if (input.on === 'retry_due') continue;
          for (const action of did(actions)) {
            if (action === 'launch') engines += 1;
            if (action === 'discard') engines = 0;
          }
          expect(engines).toBeLessThanOrEqual(1);
          if (after.state === 'stopped' || after.state === 'logged_out') expect(engines).toBe(0);
        }
      }),
    );
  });

  test('a state that waits for something has a timer that ends the wait', () => {
    fc.assert(
      fc.property(inputs(), (sequence) => {
        const armed = new Set<string>();
        for (const { input, after, actions } of run(sequence)) {
          if (input.on === 'deadline') armed.delete('deadline');
          if (input.on === 'retry_due') armed.delete('retry');
          for (const action of actions) {
            if (action.do === 'arm') armed.add(action.timer);
            if (action.do === 'disarm') armed.delete(action.timer);
          }
          if (input.on === 'deadline' || input.on === 'retry_due') break;
          if (after.state === 'starting' || after.state === 'connecting') expect(armed).toContain('deadline');
          if (after.state === 'failed') expect(armed.has('retry')).toBe(!after.refused);
          if (after.state === 'reconnecting') expect(armed.has('deadline') || armed.has('retry')).toBe(true);
          if (after.state === 'stopped' || after.state === 'logged_out' || after.refused)
            expect([...armed]).toEqual([]);
        }
      }),
    );
  });

  test('a session whose code was withdrawn has a deadline until it shows a code again, and only then none', () => {
    fc.assert(
      fc.property(inputs(80), (sequence) => {
        let isArmed = false;
        let isWithdrawn = false;
        for (const { input, before, after, actions } of run(sequence)) {
          if (input.on === 'deadline') isArmed = false;
          for (const action of actions) {
            if (action.do === 'arm' && action.timer === 'deadline') isArmed = true;
            if (action.do === 'disarm' && action.timer === 'deadline') isArmed = false;
          }
          if (before.state !== 'awaiting_scan' || input.on === 'qr') isWithdrawn = false;
          else if (input.on === 'qr_withdrawn') isWithdrawn = true;
          if (after.state === 'awaiting_scan') expect(isArmed).toBe(isWithdrawn);
          if (isWithdrawn && input.on === 'deadline') expect(after.state).not.toBe('awaiting_scan');
        }
      }),
    );
  });

  test('a code is shown only while it awaits the scan', () => {
    fc.assert(
      fc.property(inputs(), (sequence) => {
        let shown = false;
        for (const { after, actions } of run(sequence)) {
          for (const action of did(actions)) {
            if (action === 'show_qr') shown = true;
            if (action === 'hide_qr') shown = false;
          }
          expect(shown).toBe(after.state === 'awaiting_scan');
        }
      }),
    );
  });
});

describe('session machine: the ways that matter', () => {
  test('first link: stopped, starting, awaiting_scan, connecting, ready', () => {
    const states = run([{ on: 'start', reason: 'added' }, { on: 'qr' }, { on: 'authenticated' }, { on: 'ready' }]).map(
      ({ after }) => after.state,
    );
    expect(states).toEqual(['starting', 'awaiting_scan', 'connecting', 'ready']);
  });

  test('repeated authenticated and ready change nothing', () => {
    const machine = end([{ on: 'start', reason: 'added' }, { on: 'authenticated' }, { on: 'ready' }]);
    for (const input of [{ on: 'authenticated' }, { on: 'ready' }] as const) {
      expect(step(machine, input)).toEqual({ machine, actions: [] });
    }
  });

  test('a launch that fails is tried again as failed, a session that was ready as reconnecting', () => {
    const failed = end([
      { on: 'start', reason: 'added' },
      { on: 'crashed', reason: 'no browser' },
    ]);
    expect(failed).toMatchObject({ state: 'failed', attempt: 1, reason: 'no browser' });
    expect(end([{ on: 'retry_due' }], failed).state).toBe('starting');
    const lost = end([{ on: 'start', reason: 'added' }, { on: 'ready' }, { on: 'crashed', reason: 'died' }]);
    expect(lost).toMatchObject({ state: 'reconnecting', attempt: 1 });
    expect(did(run([{ on: 'retry_due' }], lost)[0]?.actions ?? [])).toEqual(['launch', 'arm deadline']);
  });

  test('attempts count up until it has been ready for long enough', () => {
    const crashLoop: Input[] = [{ on: 'ready' }, { on: 'crashed', reason: 'died' }, { on: 'retry_due' }];
    const looping = end([{ on: 'start', reason: 'added' }, ...crashLoop, ...crashLoop, ...crashLoop]);
    expect(looping.attempt).toBe(3);
    expect(end([{ on: 'ready' }, { on: 'stable' }], looping).attempt).toBe(0);
  });

  test('degraded is announced once per reason, lasts through a reconnect and ends with recovered', () => {
    const ready = end([{ on: 'start', reason: 'added' }, { on: 'ready' }]);
    const first = step(ready, { on: 'degraded', reason: 'slow' });
    expect(did(first.actions)).toEqual(['announce_degraded']);
    expect(step(first.machine, { on: 'degraded', reason: 'slow' }).actions).toEqual([]);
    const back = end([{ on: 'interrupted', reason: 'healing' }, { on: 'ready' }], first.machine);
    expect(back).toMatchObject({ state: 'ready', degraded: 'slow' });
    const healed = step(back, { on: 'recovered' });
    expect(healed.actions).toEqual([{ do: 'announce_recovered', reason: 'slow' }]);
    expect(healed.machine.degraded).toBeNull();
    expect(step(healed.machine, { on: 'recovered' }).actions).toEqual([]);
  });

  test('an engine that says what keeps it from becoming ready gets its time again', () => {
    const starting = end([{ on: 'start', reason: 'added' }]);
    expect(did(step(starting, { on: 'degraded', reason: 'busy for 30 s' }).actions)).toEqual([
      'announce_degraded',
      'arm deadline',
    ]);
    const shown = end([{ on: 'start', reason: 'added' }, { on: 'qr' }]);
    expect(did(step(shown, { on: 'degraded', reason: 'busy for 30 s' }).actions)).toEqual(['announce_degraded']);
  });

  test('an engine that gets on gets its time again, and where it is stuck the reason says how far it was', () => {
    const loading = end([{ on: 'start', reason: 'added' }, { on: 'qr' }, { on: 'authenticated' }]);
    const { machine, actions } = step(loading, { on: 'progress', reason: '40 % of the history' });
    expect(machine).toMatchObject({ state: 'connecting', reason: '40 % of the history' });
    expect(did(actions)).toEqual(['arm deadline']);
    expect(step(machine, { on: 'deadline' }).machine).toMatchObject({
      state: 'failed',
      reason: 'it did not become ready in time: 40 % of the history',
    });
    for (const waits of [end([{ on: 'start', reason: 'added' }, { on: 'qr' }]), atRest('stopped', 'new')])
      expect(step(waits, { on: 'progress', reason: '50 %' })).toEqual({ machine: waits, actions: [] });
  });

  test('a code that was taken in vain is followed by another', () => {
    const taken = end([{ on: 'start', reason: 'added' }, { on: 'qr' }, { on: 'authenticated' }]);
    const { machine, actions } = step(taken, { on: 'qr' });
    expect(machine.state).toBe('awaiting_scan');
    expect(did(actions)).toEqual(['disarm deadline', 'disarm stable', 'show_qr']);
  });

  test('a code that is withdrawn is a scan that has its time, which progress renews and another code ends', () => {
    const shown = end([{ on: 'start', reason: 'added' }, { on: 'qr' }]);
    const taken = step(shown, { on: 'qr_withdrawn' });
    expect(taken.machine).toMatchObject({ state: 'awaiting_scan', reason: expect.stringContaining('no longer shown') });
    expect(did(taken.actions)).toEqual(['arm deadline']);
    expect(step(taken.machine, { on: 'qr_withdrawn' })).toEqual({ machine: taken.machine, actions: [] });
    expect(did(step(taken.machine, { on: 'progress', reason: '10 %' }).actions)).toEqual(['arm deadline']);
    const late = step(taken.machine, { on: 'deadline' });
    expect(late.machine).toMatchObject({ state: 'failed', reason: expect.stringContaining('no longer shown') });
    expect(did(late.actions)).toEqual(expect.arrayContaining(['discard', 'arm retry']));
    expect(step(taken.machine, { on: 'pairing_code' })).toEqual(expect.objectContaining({ actions: taken.actions }));
    const again = step(taken.machine, { on: 'qr' });
    expect(again.machine).toEqual(shown);
    expect(did(again.actions)).toEqual(['disarm deadline', 'show_qr']);
    expect(step(again.machine, { on: 'deadline' })).toEqual({ machine: shown, actions: [] });
    expect(step(shown, { on: 'pairing_code' })).toEqual({ machine: shown, actions: [] });
    for (const other of [end([{ on: 'start', reason: 'added' }]), atRest('stopped', 'new')])
      for (const on of ['qr_withdrawn', 'pairing_code'] as const)
        expect(step(other, { on })).toEqual({ machine: other, actions: [] });
  });

  test('a broken line while a code is shown takes the code away', () => {
    const trace = run([{ on: 'start', reason: 'added' }, { on: 'qr' }, { on: 'interrupted', reason: 'line lost' }]);
    expect(trace.at(-1)?.after.state).toBe('starting');
    expect(did(trace.at(-1)?.actions ?? [])).toContain('hide_qr');
  });
});
