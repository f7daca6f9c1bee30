/** The environment of the programs that the engine starts. */

/**
 * What a browser and its helpers may see of an environment: everything but the bridge's own settings. Those hold keys
 * and secrets, and whatever runs in the browser could read them from its process.
 */
export function browserEnvironment(environment: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const entries = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].toUpperCase().startsWith('WABRIDGE_'),
  );
  return Object.fromEntries(entries);
}
