/** The HTTP API with the stream behind it, and the listener for operations. */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { parsePublicUrl, type PublicUrl } from '../auth/public-urls.ts';
import type { Verifier } from '../auth/verifier.ts';
import type { Settings } from '../config/settings.ts';
import { reachableUrls } from '../config/urls.ts';
import { buildApp, type App } from '../http/app.ts';
import { buildOpsApp } from '../http/ops-app.ts';
import { createGuard } from '../http/plugins/guard.ts';
import type { AppDependencies } from '../http/services.ts';
import type { Readiness } from '../ops/readiness.ts';
import type { StreamHub } from '../stream/hub.ts';
import { version } from '../version.ts';
import type { Base } from './base.ts';

/** How long a stop waits for streams to acknowledge. */
const GRACE_MS = 5_000;

/** What this room adds by itself. */
type Own = 'log' | 'clock' | 'version' | 'engines' | 'metrics' | 'guard' | 'tls';

interface Needs extends Omit<AppDependencies, Own> {
  readonly stream: StreamHub;
  readonly readiness: Readiness;
  readonly verifier: (publicUrls: () => readonly PublicUrl[]) => Verifier;
}

interface Http {
  readonly app: App;
  readonly port: number;
}

/** Listens at the end: everything that requests need must run. */
export async function startHttp(base: Base, { verifier, ...services }: Needs): Promise<Http> {
  const { settings, clock, log, metrics, closers } = base;
  let publicUrls: readonly PublicUrl[] = [];
  const app = await buildApp({
    ...services,
    log,
    clock,
    version,
    engines: settings.engines,
    metrics,
    guard: createGuard(verifier(() => publicUrls)),
    ...tlsOf(settings),
  });
  closers.add('http', () => app.close());
  // Before the server, which would otherwise wait for the streams.
  closers.add('stream', () => services.stream.stop(GRACE_MS));
  closers.add('readiness', () => services.readiness.beginShutdown());
  await app.listen({ host: settings.host, port: settings.port });
  const { port } = app.server.address() as AddressInfo;
  publicUrls = reachableUrls(settings, port).map(parsePublicUrl);
  return { app, port };
}

function tlsOf({ tlsCertFile, tlsKeyFile }: Settings): Pick<AppDependencies, 'tls'> {
  if (tlsCertFile === undefined || tlsKeyFile === undefined) return {};
  return { tls: { cert: readFileSync(tlsCertFile, 'utf8'), key: readFileSync(tlsKeyFile, 'utf8') } };
}

/** @returns where the listener for operations answers, or null if it is off */
export async function startOps(
  { settings, metrics, log, closers }: Base,
  readiness: Readiness,
): Promise<string | null> {
  const { opsPort } = settings;
  if (opsPort === undefined) return null;
  const ops = await buildOpsApp({ metrics, readiness, log });
  closers.add('ops listener', () => ops.close());
  await ops.listen({ host: '127.0.0.1', port: opsPort });
  return `http://127.0.0.1:${(ops.server.address() as AddressInfo).port}`;
}
