/** What a page may run into that neither the library nor the page itself tells of. */
import type { Dialog, HTTPResponse, Page } from 'puppeteer';
import type { Log } from '../../../ops/logger.ts';

/** Why the page is not WhatsApp Web, for a person; null for any answer but that. It would be empty, and waited for in vain. */
export function failedLoad(response: HTTPResponse, page: Page): string | null {
  if (!response.request().isNavigationRequest() || response.frame() !== page.mainFrame()) return null;
  const status = response.status();
  if (status === 407) return 'the proxy rejected the login';
  return status >= 400 ? `WhatsApp's server answered with HTTP ${status} instead of the page` : null;
}

/** Until a dialog is answered the page does nothing else. Its words are not logged, since they can name people. */
export function answerDialog(dialog: Dialog, log: Log): void {
  const type = dialog.type();
  // This one asks whether the page may be left, as at a reload.
  const answered = type === 'beforeunload' ? dialog.accept() : dialog.dismiss();
  answered.catch(() => undefined);
  log.warn({ type }, 'the page showed a dialog, which was dismissed');
}
