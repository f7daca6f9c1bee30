/** Which account a session is, and in which of its logins. */
import { isSameAccount, type Address } from '../contract/address.ts';

export interface SessionAccount {
  /** The account that is linked, or was linked last; null before the first link. */
  readonly account: Address | null;
  /**
   * Counts the logins that have ended. WhatsApp Web forgets everything with its login, so what was sent under an earlier
   * one can no longer be asked about.
   */
  readonly login: number;
}

/** The account after a link. What is known of the same account already is kept, since a page may name only one of its ids. */
export function linkedTo({ account, login }: SessionAccount, self: Address): SessionAccount {
  return { account: account && isSameAccount(account, self) ? { ...account, ...self } : self, login };
}
