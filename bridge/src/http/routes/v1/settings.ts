/** The settings with which this bridge runs, as its operator sees them. Secrets are told as booleans. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { SETTING_ORIGINS } from '../../../config/load-settings.ts';
import { listOf, literals, nullable, object } from '../../../contract/schema.ts';
import type { AppDependencies } from '../../services.ts';
import { answers } from '../schemas.ts';

const Setting = object(
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
const SettingList = object({
  file: nullable(Type.String({ description: 'the settings file that was read' })),
  settings: listOf(Setting),
});

type Needs = { deps: Pick<AppDependencies, 'settings'> };

export const settingRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { deps }) => {
  app.get(
    '/settings',
    {
      // Paths and addresses of the machine are for those who run it.
      config: { scope: 'keys:manage' },
      schema: {
        operationId: 'listSettings',
        summary: 'The settings of the running bridge',
        tags: ['operations'],
        response: answers({ 200: SettingList }),
      },
    },
    async () => deps.settings(),
  );
};
