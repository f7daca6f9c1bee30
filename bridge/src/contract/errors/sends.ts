/** Addresses, messages and what becomes of a send. */
import type { ErrorDefinition } from './definition.ts';

export const SEND_ERRORS = {
  WAB_ADDRESS_INVALID: {
    status: 422,
    retryable: false,
    message: 'This is not a WhatsApp address: {reason}. Use a phone number with its country code, or a chat id.',
  },
  WAB_CHAT_UNKNOWN: {
    status: 422,
    retryable: false,
    message: 'WhatsApp has no chat or account with this address. Check the number and its country code.',
  },
  WAB_QUOTED_UNKNOWN: {
    status: 422,
    retryable: false,
    message: 'This session does not have the message to reply to. Check its id, or send the message without a quote.',
  },
  WAB_MESSAGE_UNKNOWN: {
    status: 422,
    retryable: false,
    message:
      'This session does not have this message in this chat. Take the message id and the chat from the same event of this session.',
  },
  WAB_EMOJI_INVALID: {
    status: 422,
    retryable: false,
    message: 'The reaction is not a single emoji. Send exactly one emoji, or an empty text to remove the reaction.',
  },
  WAB_TEXT_BLANK: {
    status: 422,
    retryable: false,
    message:
      'The {field} is blank: it is empty or has only spaces and invisible characters. {next} In a workflow, the usual cause is an expression that returns nothing.',
  },
  WAB_OUTBOX_NOT_FOUND: {
    status: 404,
    retryable: false,
    message: 'There is no outbox message {id}. List them with `wabridge outbox list`.',
  },
  WAB_OUTBOX_STATE: {
    status: 409,
    retryable: false,
    message: 'Outbox message {id} is {state}, which does not allow this: {hint}',
  },
  WAB_ACCOUNT_CHANGED: {
    status: 409,
    retryable: false,
    message:
      'The message was accepted for the account that was linked to this session at the time, and {reason}. It was not sent. To send it from the account that is linked now, send it as a new message.',
  },
  WAB_ACCOUNT_UNKNOWN: {
    status: 409,
    retryable: false,
    message:
      'The message is not sent again, because its account is unknown: an earlier version of wabridge did not record it, and the session may have been unlinked since then. Check on the phone whether it arrived; if it is in doubt, settle it with `wabridge outbox resolve {id} --as sent|failed`. To send it from the account that is linked now, send it as a new message.',
  },
  WAB_SEND_REFUSED: { status: 422, retryable: false, message: 'WhatsApp refused the message: {reason}.' },
  WAB_SEND_FAILED: {
    status: 503,
    retryable: true,
    message:
      'WhatsApp Web could not send the message: {reason}. The bridge retries it a few times, with growing pauses.',
  },
  WAB_SEND_EXPIRED: {
    status: 410,
    retryable: false,
    message:
      'The message was not sent before its deadline and will not be sent: {reason}. Send it again if it still matters; expiresInSeconds sets how long a message may wait.',
  },
  WAB_SEND_GAVE_UP: {
    status: 503,
    retryable: false,
    message:
      'The bridge tried to send the message {attempts} times and stopped trying: {reason}. Send it again if it still matters.',
  },
  WAB_SEND_LOST: {
    status: 503,
    retryable: true,
    message: 'The message did not reach WhatsApp: {reason}. The bridge sends it again.',
  },
  WAB_SEND_IN_DOUBT: {
    status: 409,
    retryable: false,
    message:
      'It is not known whether the message was sent: {reason}. Check on the phone, then settle it with `wabridge outbox resolve {id} --as sent|failed|resend`.',
  },
  WAB_SEND_REPEATED: {
    status: 503,
    retryable: true,
    message:
      'It is not known whether this reached WhatsApp: {reason}. The bridge sends it again, which changes nothing if it did.',
  },
  WAB_OPERATION_FAILED: {
    status: 503,
    retryable: true,
    message:
      'WhatsApp did not do this in session {session}: {reason}. The bridge does not retry it; repeat the request if it still matters.',
  },
} as const satisfies Record<string, ErrorDefinition>;
