/** The engine suite on the page as it was before July 2026. */
import { engineConformance } from '../conformance/engine.suite.ts';
import { conformanceHarness, SUPPORTS } from './webjs-harness.ts';

engineConformance('webjs, page with `_serialized`', SUPPORTS, () => conformanceHarness('_serialized'), {
  timeoutMs: 90_000,
});
