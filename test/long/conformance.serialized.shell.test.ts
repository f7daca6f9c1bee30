/** The engine suite on the page as it was before July 2026, in the headless shell. */
import { engineConformance } from '../conformance/engine.suite.ts';
import { SUPPORTS_ALL } from '../conformance/engine/engine-harness.ts';
import { conformanceHarness } from '../browser/conformance-harness.ts';

engineConformance(
  'webjs, page with `_serialized`, headless shell',
  SUPPORTS_ALL,
  () => conformanceHarness('_serialized', 'headless shell'),
  { timeoutMs: 90_000 },
);
