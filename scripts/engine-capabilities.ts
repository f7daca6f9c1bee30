/** What each engine can do, for the pages that show it. */
import type { EngineName } from '../bridge/src/contract/engines.ts';
import type { EngineCapabilities } from '../bridge/src/engine/engine.ts';
import { SANDBOX_CAPABILITIES } from '../bridge/src/engine/sandbox/sandbox-engine.ts';
import { WEBJS_CAPABILITIES } from '../bridge/src/engine/webjs/webjs-engine.ts';

export const ENGINES: Readonly<Record<EngineName, EngineCapabilities>> = {
  webjs: WEBJS_CAPABILITIES,
  sandbox: SANDBOX_CAPABILITIES,
};
