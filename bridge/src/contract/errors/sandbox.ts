/** The simulated phone. */
import type { ErrorDefinition } from './definition.ts';

export const SANDBOX_ERRORS = {
  WAB_SANDBOX_ONLY: {
    status: 409,
    retryable: false,
    message: 'Session {session} runs on the engine {engine}; only a sandbox session has a simulated phone.',
  },
} as const satisfies Record<string, ErrorDefinition>;
