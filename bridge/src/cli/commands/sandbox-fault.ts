import { Argument, type Command } from 'commander';
import { listFaults } from '../../engine/sandbox/driver/faults.ts';
import { setFaults } from '../../engine/sandbox/driver/set-faults.ts';
import { FAULT_NAMES, FAULTS } from '../../engine/sandbox/sandbox-contract.ts';
import { probability, sessionName } from '../arguments.ts';
import { addCommand, wholeNumber } from '../command.ts';

/** `sandbox fault`: adds a fault to those that are active. */
export function faultCommand(sandbox: Command): void {
  const fault = addCommand(
    sandbox,
    'fault <session>',
    `inject a fault: ${FAULT_NAMES.join(', ')}`,
    async (context, [written, name], options) => {
      const client = context.client();
      const session = sessionName(written);
      const { count, probability: chance, delayMs } = options;
      const active = await client.perform(listFaults, { session });
      await client.perform(setFaults, { session, ...active, [name!]: { count, probability: chance, delayMs } });
      context.output.result({ session, fault: name }, `From now on: ${FAULTS[name as keyof typeof FAULTS]}.`);
    },
    [
      wholeNumber('--count <times>', 'how many times (default once)', 0, 1_000_000),
      probability('--probability <0..1>', 'probability each time'),
      wholeNumber('--delay-ms <ms>', 'delay, for the faults that have one', 0, 3_600_000),
    ],
  );
  fault.addArgument(new Argument('<fault>').choices(FAULT_NAMES));
}
