/**
 * What the network answers a device: one entry for each call. The connection in this process, the one to another process and
 * the server there carry every call of this table in the same way, by its name and what it is about.
 */
import { parseChatId } from '../../contract/whatsapp-id.ts';
import { never } from './account-context.ts';
import { knownAddress } from './address-book.ts';
import type { LocalDeviceConnection } from './local-device-connection.ts';
import type { PhoneAccount } from './phone-account.ts';
import { ConnectionLost, type DeviceCalls, type DeviceConnection } from './phone-network.ts';

export type CallName = keyof DeviceCalls;
type About<Name extends CallName> = Parameters<DeviceCalls[Name]>[0];
type Answer<Name extends CallName> = Awaited<ReturnType<DeviceCalls[Name]>>;

const ANSWERS: {
  readonly [Name in CallName]: (
    account: PhoneAccount,
    about: About<Name>,
    connection: LocalDeviceConnection,
  ) => Answer<Name> | Promise<Answer<Name>>;
} = {
  send: ({ router }, message) => router.send(message),
  perform: ({ operations }, operation) => operations.carryOut(operation),
  sendStatus: ({ router }, messageId) => router.sendStatus(messageId),
  resolve: ({ memory }, chatId) => knownAddress(memory, chatId),

  media: (account, messageId) => {
    if (account.applyFault('mediaHangs')) return never();
    if (account.applyFault('mediaGone')) return { state: 'gone' };
    if (account.applyFault('mediaDeferred')) return { state: 'later' };
    const media = account.memory.known.get(messageId);
    return media ? { state: 'here', ref: media.ref, sizeBytes: media.sizeBytes } : { state: 'gone' };
  },

  pair: (account, phone, connection) => {
    const { memory, pairing } = account;
    if (!account.isCurrent(connection) || !pairing.shown)
      return { given: false, why: memory.credential === null ? 'not_waiting' : 'linked' };
    if (account.applyFault('pairingLimited')) return { given: false, why: 'limited' };
    if (knownAddress(memory, parseChatId(phone)) === null) return { given: false, why: 'unknown_number' };
    return { given: true, ...pairing.issueCode() };
  },

  unlink: async (account, _nothing, connection) => {
    if (!account.isCurrent(connection)) throw new ConnectionLost('the simulated connection is gone');
    await account.record({ t: 'unlinked' });
  },
};

const CALL_NAMES = Object.keys(ANSWERS) as readonly CallName[];
export const isCallName = (name: string): name is CallName => Object.hasOwn(ANSWERS, name);

/** All calls, each carried by `ask`. */
export const callsOver = (ask: (name: CallName, about: unknown) => Promise<unknown>): DeviceCalls =>
  Object.fromEntries(CALL_NAMES.map((name) => [name, (about: unknown) => ask(name, about)])) as unknown as DeviceCalls;

/** The device's end of a connection in this process. */
export const deviceEnd = (account: PhoneAccount, connection: LocalDeviceConnection): DeviceConnection => ({
  ...callsOver((name, about) => connection.ask(() => (ANSWERS[name] as AnyAnswer)(account, about, connection))),
  online: () => connection.online(),
  confirm: (number) => connection.confirm(number),
  close: () => connection.close(),
});
type AnyAnswer = (account: PhoneAccount, about: unknown, connection: LocalDeviceConnection) => unknown;
