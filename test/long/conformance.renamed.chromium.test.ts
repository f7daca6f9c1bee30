/** The engine suite on the page that renamed `_serialized` to `$1`, in a whole Chromium. */
import { engineConformance } from '../conformance/engine.suite.ts';
import { SUPPORTS_ALL } from '../conformance/engine/engine-harness.ts';
import { conformanceHarness } from '../browser/conformance-harness.ts';

engineConformance('webjs, page with `$1`, chromium', SUPPORTS_ALL, () => conformanceHarness('$1', 'chromium'), {
  timeoutMs: 90_000,
});
