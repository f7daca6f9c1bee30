/** Lanes: what is kept in order. A lane is named `<session>|<chatId>`, or `<session>|` for events without a chat. */
import type { SessionName } from '../contract/ids.ts';

/** The session of a lane; null for facts about the bridge itself. */
export function sessionOfLane(lane: string): SessionName | null {
  return (lane.slice(0, Math.max(0, lane.indexOf('|'))) || null) as SessionName | null;
}

/** A lane as it may be shown: the chat's digits are masked but for the last three. */
export function maskLane(lane: string): string {
  const start = lane.indexOf('|') + 1;
  const chat = lane.slice(start).replace(/\d{4,}/g, (digits) => '*'.repeat(digits.length - 3) + digits.slice(-3));
  return lane.slice(0, start) + chat;
}
