/** Packs n8n-nodes-wabridge into one file and says how to put it into an n8n of one's own. */
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packInto } from '../test/e2e/pack.ts';
import { installText, TARBALL } from './install-steps.ts';
import { root, say } from './tasks.ts';

// Beside its destination, so that it can be moved there in one step.
const folder = mkdtempSync(join(root, '.pack-'));
try {
  say('packing …');
  renameSync(await packInto(folder), join(root, TARBALL));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(installText());
