/** Locations, in both directions. */
import { expect } from '@jest/globals';
import type { ChatId } from '../../../bridge/src/contract/ids.ts';
import { idFor, type EngineAtTest } from './engine-at-test.ts';

const POSITION = { latitude: -33.856784, longitude: 151.215297 };
const PLACE = { ...POSITION, name: 'Opera House', address: 'Bennelong Point, Sydney' };

export function locationChecks(at: EngineAtTest): void {
  const { check, shared } = at;

  check('sends a location with name and address, with a name, and with neither', async () => {
    const { engine } = await shared();
    const chatId = at.harness.contact as ChatId;
    for (const asked of [PLACE, { ...POSITION, name: PLACE.name }, POSITION])
      await engine.perform('message.sendLocation', { chatId, ...asked }, idFor(engine, chatId));
    const received = await at.harness.inbox(3);
    expect(received.map(({ location }) => location)).toEqual([
      PLACE,
      { ...PLACE, address: null },
      { ...POSITION, name: null, address: null },
    ]);
  });

  check('reports a location that somebody sends', async () => {
    const { recording } = await shared();
    for (const location of [PLACE, { ...POSITION, name: null, address: null }]) {
      await at.harness.say({ from: at.harness.contact, location });
      const message = await recording.untilMessage(
        (each) => each.kind === 'location' && each.name === location.name,
        'the location',
      );
      expect(message).toMatchObject({ ...location, fromMe: false, chat: { chatId: at.harness.contact } });
    }
  });
}
