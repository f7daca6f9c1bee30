import type { Overlays } from '../operations/overlay';

export const sessionOverlays = {
  'session.get': { action: 'Get a session', description: 'Get the state of a session' },
  'session.getHealth': {
    action: 'Get the health of a session',
    description: 'Get which parts of a session work, from its regular checks',
  },
  'session.list': {
    action: 'Get many sessions',
    description: 'Get the state of every session that the key may use',
  },
  'session.start': { description: 'Start a session that is stopped' },
  'session.stop': {
    action: 'Stop a session',
    description: 'Stop a session; it stays linked and can be started again',
  },
} satisfies Overlays;
