/** Runs the bridge: compose, start, and stop in good order when asked to. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedSettings } from './config/load-settings.ts';
import { placeOf, startBridge, type Bridge } from './compose.ts';
import { WabError } from './contract/errors.ts';
import { URL_FILE, type Settings } from './config/settings.ts';
import { explained, explainFailure } from './ops/failure-cause.ts';
import { makeFilesPrivate, modeOpenToOthers, PRIVATE_FILE } from './ops/file-modes.ts';
import { createLogger, type Log } from './ops/logger.ts';
import { messageOf } from './ops/reason.ts';

/**
 * Runs the bridge until it is told to stop (SIGTERM, SIGINT) or cannot go on.
 *
 * @throws WabError if it cannot start
 */
export async function runBridge(loaded: LoadedSettings): Promise<void> {
  const { settings } = loaded;
  // Database, media, login states: nobody else on this machine may read them.
  makeFilesPrivate();
  const log = createLogger(settings.logLevel, settings.logFormat);
  let stop: (reason: string, exitCode: number) => void = () => undefined;
  const stopped = new Promise<{ reason: string; exitCode: number }>((resolve) => {
    stop = (reason, exitCode) => resolve({ reason, exitCode });
  });
  const starting = new AbortController();
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  let asked = 0;
  const onSignal = (signal: string): void => {
    // Somebody who asks twice does not want to wait.
    if (++asked > 1) process.exit(1);
    starting.abort();
    stop(signal, 0);
  };
  for (const signal of signals) process.on(signal, onSignal);
  const listenNoMore = (): void => {
    for (const signal of signals) process.removeListener(signal, onSignal);
  };

  const onFatal = (error: Error): void => {
    log.fatal({ error: messageOf(explainFailure(error, placeOf(settings))) }, 'the bridge cannot continue');
    stop('a fatal error', 1);
  };
  const bridge = await startBridge(loaded, log, onFatal, [], starting.signal).catch((error: unknown) => {
    listenNoMore();
    // It was still waiting for its database when it was told to stop.
    if (error instanceof WabError && error.code === 'WAB_SHUTTING_DOWN') return null;
    throw error;
  });
  if (bridge === null) return;
  const openMode = modeOpenToOthers(settings.dataDir);
  if (openMode !== null)
    log.warn(
      { dataDir: settings.dataDir, mode: openMode },
      'other users can read the data folder; restrict its permissions',
    );
  const urlFile = join(settings.dataDir, URL_FILE);
  try {
    await explained(placeOf(settings), () => writeFileSync(urlFile, `${bridge.localUrl}\n`, { mode: PRIVATE_FILE }));
  } catch (error) {
    // A bridge that commands cannot find must not stay behind, without anybody who stops it.
    await bridge.stop();
    throw error;
  }
  announce(bridge, settings, openMode);

  const { reason, exitCode } = await stopped;
  log.info({ reason }, 'stopping');
  rmSync(urlFile, { force: true });
  process.exitCode = exitCode;
  await stopWithin(bridge, settings.shutdownTimeoutMs, log);
  listenNoMore();
}

/** For people and scripts that read stdout. The first key appears here, this once, and in no log. */
function announce(bridge: Bridge, { dataDir, engines }: Settings, openMode: string | null): void {
  const lines = [`wabridge ${bridge.version} listens on ${bridge.localUrl} (engines: ${engines.join(', ')})`];
  if (engines.includes('sandbox'))
    lines.push('The sandbox engine is a simulation: its sessions do not talk to WhatsApp.');
  if (openMode !== null)
    lines.push(`Other users can read the data folder (mode ${openMode}). Run: chmod 700 ${dataDir}`);
  if (bridge.firstKey !== null) {
    lines.push(
      '',
      'A first key for n8n was created. It is shown only this once; put it into the wabridge credential:',
      '',
      `  ${bridge.firstKey}`,
      '',
    );
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Ends the process with exit code 1 if it is still there after `timeoutMs` milliseconds, for whatever reason. */
export async function stopWithin(bridge: Pick<Bridge, 'stop'>, timeoutMs: number, log: Log): Promise<void> {
  const timer = setTimeout(() => {
    log.error({ timeoutMs }, 'the bridge did not stop in time; operations in flight are settled at the next start');
    process.exit(1);
  }, timeoutMs);
  await bridge.stop();
  // Stands for what outlived the stop, such as a write to storage that hangs: it would keep the process alive.
  timer.unref();
  log.info({}, 'stopped');
}
