/** The engines by name. What each can do is the engine's own business (`engine/engine.ts`). */
export const ENGINE_NAMES = ['webjs', 'sandbox'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];
/** The engine of a session for which none is named. */
export const DEFAULT_ENGINE: EngineName = 'webjs';
