/** The groups of commands that are derived from operations, and the operations that have no such command. */
import type { AnyOperation } from '../../contract/operations/operations.ts';
import type { DriverOperationId } from '../../engine/sandbox/driver/driver.ts';
import { deadLetterGroup } from './dead-letter.ts';
import { keyGroup } from './key.ts';
import { outboxGroup } from './outbox.ts';
import { sandboxGroup } from './sandbox.ts';
import { sessionGroup } from './session.ts';
import { subscriptionGroup } from './subscription.ts';

export const DERIVED = {
  deadLetter: deadLetterGroup,
  key: keyGroup,
  outbox: outboxGroup,
  sandbox: sandboxGroup,
  session: sessionGroup,
  subscription: subscriptionGroup,
};

/** Why an operation has no derived command. */
export const WITHOUT_COMMAND: Readonly<Partial<Record<AnyOperation['id'] | DriverOperationId, string>>> = {
  'chat.markRead': '`chat read` is written by hand',
  'chat.setTyping': '`chat typing` is written by hand',
  'event.list': '`events tail` reads events as they arrive, from any position',
  'message.react': '`react` also chooses an idempotency key and waits for the outcome',
  'message.sendAudio': 'sending files has no command yet',
  'message.sendDocument': 'sending files has no command yet',
  'message.sendImage': 'sending files has no command yet',
  'message.sendText': '`send` also chooses an idempotency key and waits for the outcome',
  'message.sendVideo': 'sending files has no command yet',
  'sandbox.contacts': '`sandbox contact` and `sandbox say --lid` say who has which number',
  'sandbox.receive': '`sandbox say` also attaches files and waits for an answer',
  'session.add': '`session add` also draws the QR code and waits until the account is linked',
  'session.getPairingCode': '`session pair` requests a code, shows each renewal and waits',
  'setting.list': '`config` also works without a bridge, from the settings here',
  'whoami.get': '`doctor` asks it, to compare clocks and versions',
};
