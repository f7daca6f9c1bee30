/** Everything under /v1. One file per first path segment. */
import type { FastifyPluginAsync } from 'fastify';
import type { AppDependencies } from '../../services.ts';
import { chatRoutes } from './chats.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { eventRoutes } from './events.ts';
import { keyRoutes } from './keys.ts';
import { mediaRoutes } from './media.ts';
import { messageRoutes } from './messages.ts';
import { openapiRoutes } from './openapi.ts';
import { readyRoutes } from './ready.ts';
import { sandboxRoutes } from './sandbox.ts';
import { sessionRoutes } from './sessions.ts';
import { settingRoutes } from './settings.ts';
import { streamRoutes } from './stream.ts';
import { subscriptionRoutes } from './subscriptions.ts';
import { whoamiRoutes } from './whoami.ts';

type Routes = FastifyPluginAsync<{ deps: AppDependencies }>;

const ROUTES = [
  whoamiRoutes,
  readyRoutes,
  settingRoutes,
  openapiRoutes,
  keyRoutes,
  sessionRoutes,
  chatRoutes,
  messageRoutes,
  mediaRoutes,
  eventRoutes,
  subscriptionRoutes,
  deadLetterRoutes,
  streamRoutes,
  sandboxRoutes,
] as readonly unknown[] as readonly Routes[];

export const v1Routes: Routes = async (app, { deps }) => {
  for (const routes of ROUTES) await app.register(routes, { deps });
};
