/** The catalogue of operations. A test holds it against the folder. */
import type { Operation } from '../operation.ts';
import { markRead } from './chat/mark-read.ts';
import { setTyping } from './chat/set-typing.ts';
import { discardDeadLetter } from './dead-letter/discard.ts';
import { listDeadLetters } from './dead-letter/list.ts';
import { redriveDeadLetter } from './dead-letter/redrive.ts';
import { listEvents } from './event/list.ts';
import { issueKey } from './key/issue.ts';
import { listKeys } from './key/list.ts';
import { revokeKey } from './key/revoke.ts';
import { cancelOutboxMessage } from './outbox/cancel.ts';
import { getOutboxMessage } from './outbox/get.ts';
import { listOutboxMessages } from './outbox/list.ts';
import { resolveOutboxMessage } from './outbox/resolve.ts';
import { react } from './message/react.ts';
import { sendAudio } from './message/send-audio.ts';
import { sendDocument } from './message/send-document.ts';
import { sendImage } from './message/send-image.ts';
import { sendText } from './message/send-text.ts';
import { sendVideo } from './message/send-video.ts';
import { addSession } from './session/add.ts';
import { deleteSession } from './session/delete.ts';
import { getSession } from './session/get.ts';
import { getSessionHealth } from './session/get-health.ts';
import { getPairingCode } from './session/get-pairing-code.ts';
import { listSessions } from './session/list.ts';
import { logoutSession } from './session/logout.ts';
import { setSessionProxy } from './session/set-proxy.ts';
import { startSession } from './session/start.ts';
import { stopSession } from './session/stop.ts';
import { listSettings } from './setting/list.ts';
import { deleteSubscription } from './subscription/delete.ts';
import { listSubscriptions } from './subscription/list.ts';
import { whoami } from './whoami/get.ts';

export const OPERATIONS = [
  markRead,
  setTyping,
  discardDeadLetter,
  listDeadLetters,
  redriveDeadLetter,
  listEvents,
  issueKey,
  listKeys,
  revokeKey,
  cancelOutboxMessage,
  getOutboxMessage,
  listOutboxMessages,
  resolveOutboxMessage,
  sendText,
  sendImage,
  sendVideo,
  sendAudio,
  sendDocument,
  react,
  addSession,
  deleteSession,
  getSession,
  getSessionHealth,
  getPairingCode,
  listSessions,
  logoutSession,
  setSessionProxy,
  startSession,
  stopSession,
  listSettings,
  deleteSubscription,
  listSubscriptions,
  whoami,
] as const satisfies readonly Operation[];

export type AnyOperation = (typeof OPERATIONS)[number];
