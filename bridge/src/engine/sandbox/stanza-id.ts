/** Message ids as linked devices make them. */
import { randomBytes } from 'node:crypto';

export const newStanzaId = (): string => `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;
