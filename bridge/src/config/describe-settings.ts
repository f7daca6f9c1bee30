/** The effective settings for a person or a machine. Secrets are told as booleans. */
import type { LoadedSettings, Origin } from './load-settings.ts';
import { definitionOf, envNameOf, SETTING_NAMES, type SettingName } from './settings.ts';

export interface SettingView {
  readonly name: SettingName;
  readonly env: string;
  /** For a secret: whether it is set. Null if it is not set. */
  readonly value: unknown;
  readonly origin: Origin;
  readonly secret: boolean;
  readonly description: string;
}

export interface DescribedSettings {
  /** The file that was read, if any. */
  readonly file: string | null;
  readonly settings: readonly SettingView[];
}

/** One view per setting, in the order of the schema. */
export function describeSettings(loaded: LoadedSettings): DescribedSettings {
  const settings = SETTING_NAMES.map((name) => {
    const definition = definitionOf(name);
    const value = loaded.settings[name];
    const secret = definition.secret === true;
    return {
      name,
      env: envNameOf(name),
      value: secret ? value !== undefined : (value ?? null),
      origin: loaded.origins[name],
      secret,
      description: definition.description,
    };
  });
  return { file: loaded.file, settings };
}
