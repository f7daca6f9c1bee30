/** Settings as an operator sees them. Secrets are told as booleans. */
import Type, { type Static } from 'typebox';
import { listOf, literals, nullable, object } from '../schema.ts';

/** Where a value comes from, the strongest first. */
export const SETTING_ORIGINS = ['command line', 'environment', 'file', 'default', 'unset'] as const;
export type SettingOrigin = (typeof SETTING_ORIGINS)[number];

export const SettingView = object(
  {
    name: Type.String(),
    env: Type.String({ description: 'name of its environment variable' }),
    value: Type.Unknown({ description: 'for a secret, whether it is set; null if it is not set' }),
    origin: literals(SETTING_ORIGINS),
    secret: Type.Boolean(),
    description: Type.String(),
  },
  { $id: 'Setting' },
);
export type SettingView = Static<typeof SettingView>;

export const SettingList = object({
  file: nullable(Type.String({ description: 'the settings file that was read' })),
  settings: listOf(SettingView),
});
export type SettingList = Static<typeof SettingList>;
