/** Defences 5 and 6: messages that come twice, and messages that come while nobody listens. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SessionName } from '../../../bridge/src/contract/ids.ts';
import type { EngineFact } from '../../../bridge/src/engine/engine.ts';
import { DurableEventLog } from '../../../bridge/src/events/durable-event-log.ts';
import { Recorder } from '../../../bridge/src/events/recorder.ts';
import { systemClock } from '../../../bridge/src/ops/clock.ts';
import { openDatabase } from '../../../bridge/src/store/open-database.ts';
import { until } from '../../until.ts';
import { LONG } from '../session-at-test.ts';
import { messageOf } from '../../conformance/engine-recording.ts';
import { Scene } from './scene.ts';
import type { Seq } from '../../../bridge/src/contract/ids.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close(), LONG);

test(
  'defence 5: without it, a message that the page announces again is a second message',
  async () => {
    scene.standin.page.repeats = true;
    const stock = await scene.linkedStock();
    scene.standin.network.say(scene.bob, scene.naive, 'once or twice');
    await stock.until('the message', () => stock.messages[0]);
    scene.standin.network.repeat(scene.naive);
    const messages = await stock.until('it again', () => (stock.messages.length > 1 ? stock.messages : undefined));
    expect(messages.map(({ body }) => body)).toEqual(['once or twice', 'once or twice']);
  },
  LONG,
);

test(
  'defence 5: with it, the log holds it once, also after a restart',
  async () => {
    scene.standin.page.repeats = true;
    const { engine, recording } = await scene.linked();
    scene.standin.network.say(scene.bob, scene.me, 'once or twice');
    await recording.untilMessage(({ text }) => text === 'once or twice');
    scene.standin.network.repeat(scene.me);
    const twice = (): EngineFact[] | undefined => {
      const found = recording.facts.filter((fact) => messageOf(fact)?.text === 'once or twice');
      return found.length > 1 ? found : undefined;
    };
    const [first, again] = await recording.until('the repetition', twice);
    await engine.stop();
    expect(await recorded(scene.folder, [first as EngineFact, again as EngineFact])).toBe(1);
    expect(await recorded(scene.folder, [again as EngineFact])).toBe(1);
  },
  LONG,
);

/** Records facts in a log on disk, as the bridge does; the number of events that it holds afterwards. */
async function recorded(dataDir: string, facts: readonly EngineFact[]): Promise<number> {
  const database = await openDatabase({
    dataDir,
    log: { error: () => undefined },
    onFatal: (error) => {
      throw error;
    },
  });
  try {
    const log = await DurableEventLog.open({ database, clock: systemClock, dedupeMs: 60_000 });
    const noMedia = (): never => {
      throw new Error('no medium is expected');
    };
    const recorder = new Recorder({ log, sources: [], media: { expect: noMedia }, onMediaExpected: noMedia });
    for (const fact of facts) await recorder.record('phone' as SessionName, fact);
    return (await log.scan(0 as Seq, {}, 10)).matches.length;
  } finally {
    await database.close();
  }
}

test(
  'defence 6: without it, nobody hears of what arrived while the session was away',
  async () => {
    await (await scene.linkedStock()).end();
    scene.standin.network.say(scene.bob, scene.naive, 'are you there?');
    // Late enough for the library to be there in time: it is not about defence 2.
    scene.standin.page.syncDelayMs = 4_000;
    const stock = scene.stock();
    void stock.call('initialize');
    await stock.untilEvent('ready');
    await until('the message in the page', () => stock.page(`window.require('WAWebCollections').Msg.length > 0`));
    await wait(2_000);
    expect(stock.messages).toEqual([]);
  },
  LONG,
);

test(
  'defence 6: with it, it is reported once the session is back, before what comes then',
  async () => {
    await (await scene.linked()).engine.stop();
    scene.standin.network.say(scene.bob, scene.me, 'are you there?');
    const { recording } = await scene.launch();
    await recording.untilSignal('ready');
    scene.standin.network.say(scene.bob, scene.me, 'there you are');
    await recording.untilMessage(({ text }) => text === 'there you are');
    const order = ['are you there?', 'there you are'];
    expect([...new Set(recording.messages.map(({ text }) => text))]).toEqual(order);
  },
  LONG,
);
