/** The engines by name. What each can do is the engine's own business (`engine/engine.ts`). */
export const ENGINE_NAMES = ['webjs', 'sandbox'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];
/** How a person links an account to a session of an engine. */
export const LINKING_METHODS = ['qr', 'pairing_code'] as const;
export type LinkingMethod = (typeof LINKING_METHODS)[number];
/** The engine of a session for which none is named. */
export const DEFAULT_ENGINE: EngineName = 'webjs';
