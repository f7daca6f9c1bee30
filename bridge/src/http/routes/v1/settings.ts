/** The settings with which this bridge runs, as its operator sees them. Secrets are told as booleans. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { SettingList } from '../../../contract/views/setting.ts';
import type { AppDependencies } from '../../services.ts';
import { answers } from '../schemas.ts';

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
