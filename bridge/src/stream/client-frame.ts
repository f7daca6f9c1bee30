/** Reads what clients send. */
import { WabError } from '../contract/errors.ts';
import {
  AckFrame,
  ClientPingFrame,
  ClientPongFrame,
  NackFrame,
  SubscribeFrame,
  type ClientFrame,
} from '../contract/frames.ts';
import { validatorOf } from '../contract/validator.ts';

const CHECKS = {
  subscribe: validatorOf(SubscribeFrame),
  ack: validatorOf(AckFrame),
  nack: validatorOf(NackFrame),
  ping: validatorOf(ClientPingFrame),
  pong: validatorOf(ClientPongFrame),
} as const;

interface Fault {
  readonly instancePath: string;
  readonly message: string;
  readonly params: {
    readonly additionalProperties?: readonly string[];
    readonly requiredProperties?: readonly string[];
  };
}

/**
 * A frame from its text. The error names the field and never repeats a value.
 *
 * @throws WabError WAB_FRAME_INVALID
 */
export function parseClientFrame(text: string): ClientFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('it is not valid JSON');
  }
  const type = typeof value === 'object' && value !== null ? (value as { type?: unknown }).type : undefined;
  if (typeof type !== 'string' || !Object.hasOwn(CHECKS, type)) {
    throw invalid(`its type must be one of ${Object.keys(CHECKS).join(', ')}`);
  }
  const check = CHECKS[type as keyof typeof CHECKS]();
  if (check.Check(value)) return value;
  throw invalid(`${type}: ${explain([...check.Errors(value)] as unknown as readonly Fault[])}`);
}

const invalid = (reason: string): WabError => new WabError('WAB_FRAME_INVALID', { reason });

function explain(faults: readonly Fault[]): string {
  const texts = faults.map(({ instancePath, message, params }) => {
    const field = instancePath.slice(1).replaceAll('/', '.') || 'the frame';
    const names = params.additionalProperties ?? params.requiredProperties;
    return names
      ? `${field} ${message} (${names
          .map((name) => name.slice(0, 40))
          .slice(0, 5)
          .join(', ')})`
      : `${field} ${message}`;
  });
  return [...new Set(texts)].slice(0, 3).join('; ');
}
