/** The engine suite on the page that renamed `_serialized` to `$1`. */
import { engineConformance } from '../conformance/engine.suite.ts';
import { conformanceHarness, SUPPORTS } from './webjs-harness.ts';

engineConformance('webjs, page with `$1`', SUPPORTS, () => conformanceHarness('$1'), { timeoutMs: 90_000 });
