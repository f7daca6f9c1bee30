/** The effective settings for a person or a machine. Secrets are told as booleans. */
import type { SettingList } from '../contract/views/setting.ts';
import type { LoadedSettings } from './load-settings.ts';
import { definitionOf, envNameOf, SETTING_NAMES } from './settings.ts';

/** One view per setting, in the order of the schema. */
export function describeSettings(loaded: LoadedSettings): SettingList {
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
