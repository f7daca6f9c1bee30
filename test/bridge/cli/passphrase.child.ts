/** Asks for a passphrase on its terminal, and tells what was typed by its hash. */
import { createHash } from 'node:crypto';
import { readPassphrase, terminalQuestion } from '../../../bridge/src/cli/passphrase.ts';

const said = await readPassphrase({ file: undefined, environment: {}, ask: terminalQuestion() }, true).then(
  (passphrase) => `sha256 ${createHash('sha256').update(passphrase).digest('hex')}`,
  (error: Error) => `refused: ${error.message}`,
);
process.stdout.write(`${said}\n`);
