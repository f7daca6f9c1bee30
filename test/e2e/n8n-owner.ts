/** The installed n8n, and who may log in to one that was set up without a person. */
import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export const N8N = fileURLToPath(new URL('n8n/node_modules/n8n/bin/n8n', import.meta.url));
/** None that are easily taken for one another, since somebody may type them. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXYZ2346789';

export interface Owner {
  readonly email: string;
  readonly password: string;
  /** bcrypt. Where it stays the same over restarts, browsers stay logged in. */
  readonly passwordHash: string;
}

/** An owner with a password that nobody else has. @throws where n8n, which brings the hash, is not installed */
export function newOwner(): Owner {
  if (!existsSync(N8N)) throw new Error('n8n is not installed; run `node scripts/install-n8n.cjs` first');
  const random = Array.from({ length: 16 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  // n8n wants a capital and a digit.
  const password = `${random}A2`;
  const { hashSync } = createRequire(N8N)('bcryptjs') as {
    readonly hashSync: (password: string, rounds: number) => string;
  };
  return { email: 'owner@example.com', password, passwordHash: hashSync(password, 10) };
}
