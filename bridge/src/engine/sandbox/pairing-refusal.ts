/** Why the simulated network gives no pairing code, as the engine says it. */
import { EngineError } from '../engine.ts';
import type { PairingAnswer } from './phone-network.ts';

const REFUSALS = {
  linked: ['fail', 'WAB_SESSION_STATE', 'an account is already linked'],
  not_waiting: ['defer', 'WAB_SESSION_NOT_READY', 'there is no QR code to scan'],
  unknown_number: ['fail', 'WAB_PAIRING_REFUSED', 'the simulated network has no such account'],
  limited: ['defer', 'WAB_PAIRING_LIMITED', 'too many codes were requested'],
} as const;

export function pairingRefusal(why: Extract<PairingAnswer, { given: false }>['why']): EngineError {
  const [outcome, code, reason] = REFUSALS[why];
  return new EngineError(outcome, code, reason);
}
