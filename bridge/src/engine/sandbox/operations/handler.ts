/** How the handler of an operation is declared that is carried out on the simulated network. */
import type { MessageId } from '../../../contract/ids.ts';
import type { EngineOperationId } from '../../../contract/operations/by-carrier.ts';
import type { EngineHandler, OutgoingFile, SendReceipt } from '../../engine-operations.ts';
import type { Device, Envelope } from '../device.ts';

export const sandboxHandler = <const Id extends EngineOperationId>(
  id: Id,
  carryOut: EngineHandler<Device, Id>['carryOut'],
): EngineHandler<Device, Id> => ({ id, carryOut });

interface Captioned extends Envelope {
  readonly file: OutgoingFile;
  readonly text?: string;
}

/** Sends a file with what a person reads below it. */
export const sendCaptioned =
  (kind: 'image' | 'video' | 'document') =>
  async (device: Device, { file, text, ...envelope }: Captioned, messageId: MessageId | null): Promise<SendReceipt> =>
    device.send({ kind, text: text ?? null, media: await device.store(file) }, envelope, messageId);
