/**
 * Sessions. Each operation asks for a state, so repeating it changes nothing more; only adding a session that exists is
 * refused (WAB_SESSION_EXISTS).
 */
import { allows } from '../auth/permissions.ts';
import { DEFAULT_ENGINE } from '../contract/engines.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { HandlersOf } from './handler.ts';

export const sessionHandlers = (sessions: Sessions): HandlersOf<'session'> => ({
  'session.list': (_input, principal) => ({
    sessions: sessions.list().filter((session) => allows(principal, session.name)),
  }),
  'session.add': ({ name, engine = DEFAULT_ENGINE, ...options }) => sessions.add(name, engine, options),
  'session.get': ({ name }) => sessions.get(name),
  'session.getHealth': ({ name }) => sessions.health(name),
  'session.delete': ({ name }) => sessions.delete(name),
  'session.setProxy': ({ name, proxy }) => sessions.setProxy(name, proxy),
  'session.start': ({ name }) => sessions.start(name),
  'session.stop': ({ name }) => sessions.stop(name),
  'session.logout': ({ name }) => sessions.logout(name),
  'session.requestPairingCode': ({ name, phone }) => sessions.requestPairingCode(name, phone),
  'session.getPairingCode': ({ name }) => sessions.pairingCode(name),
});
