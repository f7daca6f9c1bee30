/** The engine suite on the page as it was before July 2026, in a whole Chromium. */
import { engineConformance } from '../conformance/engine.suite.ts';
import { SUPPORTS_ALL } from '../conformance/engine/engine-harness.ts';
import { conformanceHarness } from './conformance-harness.ts';

engineConformance(
  'webjs, page with `_serialized`, chromium',
  SUPPORTS_ALL,
  () => conformanceHarness('_serialized', 'chromium'),
  { timeoutMs: 90_000 },
);
