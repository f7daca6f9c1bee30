/** The engine suite on the page that renamed `_serialized` to `$1`, in a whole Chromium. */
import { engineConformance } from '../conformance/engine.suite.ts';
import { conformanceHarness, SUPPORTS } from './webjs-harness.ts';

engineConformance('webjs, page with `$1`, chromium', SUPPORTS, () => conformanceHarness('$1', 'chromium'), {
  timeoutMs: 90_000,
});
