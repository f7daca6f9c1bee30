/** The simulated phone. */
import type { ErrorDefinition } from './definition.ts';

export const SANDBOX_ERRORS = {
  WAB_SANDBOX_ONLY: {
    status: 409,
    retryable: false,
    message: 'Session {session} runs on the engine {engine}; only a sandbox session has a simulated phone.',
  },
  WAB_SANDBOX_MEMORY_UNKNOWN: {
    status: 503,
    retryable: false,
    message:
      'The memory of the simulated phone of session {session} has an entry ({entry}) that this version of wabridge does not know. Start the version that wrote it, or delete the session and add it again.',
  },
  WAB_SANDBOX_NETWORK_VERSION: {
    status: 503,
    retryable: false,
    message:
      'The simulated network speaks version {network} of its protocol, and this bridge version {bridge}. Start both from the same version of wabridge.',
  },
} as const satisfies Record<string, ErrorDefinition>;
