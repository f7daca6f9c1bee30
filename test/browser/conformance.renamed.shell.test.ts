/** The engine suite on the page that renamed `_serialized` to `$1`, in the headless shell. */
import { engineConformance } from '../conformance/engine.suite.ts';
import { SUPPORTS_ALL } from '../conformance/engine/engine-harness.ts';
import { conformanceHarness } from './conformance-harness.ts';

engineConformance(
  'webjs, page with `$1`, headless shell',
  SUPPORTS_ALL,
  () => conformanceHarness('$1', 'headless shell'),
  {
    timeoutMs: 90_000,
  },
);
