/** The OpenAPI document without a running bridge: the routes are built over services that are never called. */
import { buildApp } from './app.ts';
import type { AppDependencies } from './services.ts';

/** @param version of the bridge, as the document states it */
export async function openapiDocument(version: string): Promise<object> {
  const silent = { debug() {}, info() {}, warn() {}, error() {}, fatal() {} };
  const deps = {
    version,
    log: silent,
    guard: async () => undefined,
    engines: [],
    ingress: [],
    sandbox: null,
  } as unknown as AppDependencies;
  const app = await buildApp(deps);
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}
