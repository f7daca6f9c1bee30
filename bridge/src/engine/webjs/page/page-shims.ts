/**
 * What is evaluated in every new document before the page's own scripts, for the functions that run in the page later:
 * they cannot import what they share, so it is in `window.wabridge`. Nothing of the page is touched until `apply`, when
 * the page has synced: asking for its modules earlier would start them in an order of our making.
 *
 * The functions are sent to the browser as one text, in which they find each other by name. They refer to nothing else.
 */
import type { ShimState } from './page-window.ts';
import { addressShims } from './shims/addresses.ts';
import { documentShims } from './shims/document.ts';
import { messageKeyShims, restoreSerialized } from './shims/message-keys.ts';
import { modelShims, remainsOf } from './shims/models.ts';
import { sendShims } from './shims/sends.ts';

/** Typed as all that they make together, so that none can be missing. */
function createShims(): ShimState {
  return { ...documentShims(), ...messageKeyShims(), ...modelShims(), ...addressShims(), ...sendShims() };
}

const FUNCTIONS = [
  documentShims,
  messageKeyShims,
  restoreSerialized,
  modelShims,
  remainsOf,
  addressShims,
  sendShims,
  createShims,
];

export const SHIM_SCRIPT = `(() => {
${FUNCTIONS.map((each) => each.toString()).join('\n')}
Object.defineProperty(window, 'wabridge', { value: createShims(), configurable: false });
})();`;
