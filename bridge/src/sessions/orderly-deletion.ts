/** The order in which a session and what belongs to it are deleted. */
import type { SessionName } from '../contract/ids.ts';
import type { Sessions } from './sessions.ts';

/**
 * The sessions for HTTP: deleting one also settles its messages, before another session can take its name.
 *
 * @param settleMessages resolves once the messages of a session that has stopped have come to their end
 */
export function withOrderlyDeletion(
  registry: Sessions,
  settleMessages: (name: SessionName) => Promise<void>,
): Sessions {
  return {
    list: () => registry.list(),
    get: (name) => registry.get(name),
    add: (name, engine, options) => registry.add(name, engine, options),
    setProxy: (name, proxy) => registry.setProxy(name, proxy),
    start: (name) => registry.start(name),
    stop: (name) => registry.stop(name),
    logout: (name) => registry.logout(name),
    health: (name) => registry.health(name),
    qr: (name) => registry.qr(name),
    requireOperation: (name, operation) => registry.requireOperation(name, operation),
    perform: (name, operation, input) => registry.perform(name, operation, input),
    requestPairingCode: (name, phone) => registry.requestPairingCode(name, phone),
    receive: (name, engine, request) => registry.receive(name, engine, request),
    pairingCode: (name) => registry.pairingCode(name),
    delete: async (name) => {
      await registry.stop(name);
      await settleMessages(name);
      await registry.delete(name);
    },
  };
}
