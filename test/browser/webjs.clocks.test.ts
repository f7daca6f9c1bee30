/** Clocks that are wrong: the sender's, and the bridge's own. Neither makes the session miss anything. */
import { afterEach, beforeEach, test } from '@jest/globals';
import { systemClock } from '../../bridge/src/ops/clock.ts';
import type { EngineRecording } from '../conformance/engine-recording.ts';
import { LONG, SessionAtTest } from './session-at-test.ts';

let session: SessionAtTest;
beforeEach(async () => {
  session = await SessionAtTest.open('$1');
});
afterEach(() => session.close(), LONG);

const untilText = (recording: EngineRecording, text: string) =>
  recording.until(text, () => recording.messages.find((message) => message.text === text), 40_000);

test(
  'after a message that is dated in the future, what arrives while the session is away is reported',
  async () => {
    const { network } = session.standin;
    const first = await session.linked();
    network.datesAhead = 86_400;
    network.say(session.bob, session.me, 'from tomorrow');
    await untilText(first.recording, 'from tomorrow');
    network.datesAhead = 0;
    await first.engine.stop();
    network.say(session.carol, session.me, 'while away');
    const { recording } = await session.launch();
    await untilText(recording, 'while away');
  },
  LONG,
);

test(
  'with a clock that is five minutes ahead, what arrives right after the linking is reported',
  async () => {
    session.clock = { ...systemClock, now: () => Date.now() + 5 * 60_000 };
    session.standin.page.syncDelayMs = 2_000;
    const { recording } = await session.launch();
    session.standin.scan((await recording.untilSignal('qr')).code, session.me);
    await session.standin.network.until('the device', () => session.me.devices.size > 0);
    session.standin.network.say(session.bob, session.me, 'right after');
    session.standin.network.say(session.me, session.carol, 'by the owner, right after');
    await untilText(recording, 'right after');
    await untilText(recording, 'by the owner, right after');
  },
  LONG,
);
