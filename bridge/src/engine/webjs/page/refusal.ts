/** States in which WhatsApp does not want this account or this program, and what a person can do about each. */
const REFUSALS: Readonly<Record<string, string>> = {
  TOS_BLOCK:
    'WhatsApp has blocked this account for violating its terms of service; open WhatsApp on the phone and request a review there',
  SMB_TOS_BLOCK:
    'WhatsApp has blocked this business account for violating its terms of service; open WhatsApp Business on the phone and request a review there',
  PROXYBLOCK: 'WhatsApp refuses connections from this network address; use another network or proxy for this session',
  DEPRECATED_VERSION: 'WhatsApp no longer accepts this version of WhatsApp Web; update the browser and wabridge',
};

/**
 * Why WhatsApp refuses a session, for a person; null for a state that is not a refusal. Nothing but that person can
 * change it, and asking again and again makes a block worse: the session is left alone until an operator starts it.
 *
 * @param state of the page's socket, as whatsapp-web.js names them (`WAState`)
 */
export function refusalOf(state: string): string | null {
  const reason = REFUSALS[state];
  return reason === undefined ? null : `${reason}. Then start the session again (${state})`;
}
