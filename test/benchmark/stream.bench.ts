/**
 * An event on its way to a subscriber, against a bare `ws` echo of the same payload in the same process.
 *
 * Ours: append to the durable log (an fsync), read it back, write the attempt (an fsync), one frame; with the
 * acknowledgement on disk before the next event of the chat. The echo: one frame there and back, nothing durable.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WebSocket, WebSocketServer } from 'ws';
import type { Principal } from '../../bridge/src/auth/keys.ts';
import type { NewEvent } from '../../bridge/src/contract/events.ts';
import { MAX_WINDOW, type BridgeFrame } from '../../bridge/src/contract/frames.ts';
import type { ChatId, KeyId, SessionName, MessageId } from '../../bridge/src/contract/ids.ts';
import { ALL_SCOPES } from '../../bridge/src/contract/scopes.ts';
import { addressOf } from '../../bridge/src/contract/whatsapp-id.ts';
import { DurableEventLog } from '../../bridge/src/events/durable-event-log.ts';
import { eventOf } from '../../bridge/src/events/event-constructors.ts';
import { systemClock } from '../../bridge/src/ops/clock.ts';
import { createLogger } from '../../bridge/src/ops/logger.ts';
import { SoleOwner } from '../../bridge/src/ownership/sole-owner.ts';
import { openDatabase } from '../../bridge/src/store/open-database.ts';
import { StreamHub } from '../../bridge/src/stream/hub.ts';
import { DEFAULT_STREAM_SETTINGS } from '../../bridge/src/stream/settings.ts';
import { median, percentile, type BenchmarkRow } from './benchmark.ts';
import { messageFact } from '../bridge/events/message-fact.ts';

const PAYLOAD_BYTES = 1_024;
/** The first ones are not counted: they run code that is not compiled yet. */
const WARM_UP = 100;
const LATENCY_EVENTS = 500;
const BACKLOG = 20_000;
const CHATS = 1_000;
const ROUNDS = 3;

interface Figures {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

const principal: Principal = { keyId: 'bench' as KeyId, scopes: new Set(ALL_SCOPES), sessions: null, expiresAt: null };

function eventAt(index: number): NewEvent {
  const chat = addressOf(`49151${String(10_000_000 + (index % CHATS))}@c.us` as ChatId);
  return eventOf(
    'support' as SessionName,
    messageFact({
      messageId: `false_${chat.chatId}_${index.toString(16).toUpperCase().padStart(20, '0')}` as MessageId,
      chat,
      sender: chat,
      fromMe: false,
      sentAt: new Date(1_767_000_000_000 + index),
      kind: 'text',
      text: 'x'.repeat(PAYLOAD_BYTES),
      mentions: [],
      quotedMessageId: null,
    }),
  );
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Calls back for every event frame; the subscription acknowledges at once, frames of one tick in one frame. */
async function subscribe(url: string, name: string, onEvent: (seq: number) => void): Promise<WebSocket> {
  const socket = new WebSocket(url, 'wabridge.v1');
  let cursors: string[] = [];
  const acknowledge = (): void => {
    socket.send(JSON.stringify({ type: 'ack', subscription: name, cursors, attempt: 1 }));
    cursors = [];
  };
  await new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      const frame = JSON.parse((data as Buffer).toString()) as BridgeFrame;
      if (frame.type === 'hello') {
        socket.send(
          JSON.stringify({
            type: 'subscribe',
            subscription: name,
            durable: true,
            filter: {},
            from: 'earliest',
            window: MAX_WINDOW,
          }),
        );
      } else if (frame.type === 'ping') {
        socket.send(JSON.stringify({ type: 'pong', id: frame.id }));
      } else if (frame.type === 'subscribed') {
        resolve();
      } else if (frame.type === 'event') {
        if (cursors.push(frame.cursor) === 1) setImmediate(acknowledge);
        onEvent(frame.event.seq);
      }
    });
  });
  return socket;
}

async function measureOurs(): Promise<Figures> {
  const dataDir = mkdtempSync(join(tmpdir(), 'wabridge-bench-'));
  const log = createLogger('error', 'json');
  const database = await openDatabase({
    dataDir,
    log,
    onFatal: (error) => {
      throw error;
    },
  });
  const events = await DurableEventLog.open({ database, clock: systemClock, dedupeMs: 86_400_000 });
  const recorder = { recordEvent: (event: NewEvent) => events.append(event) };
  const hub = new StreamHub({
    events,
    database,
    recorder,
    clock: systemClock,
    log,
    ownership: new SoleOwner(),
    settings: DEFAULT_STREAM_SETTINGS,
  });
  await hub.start();
  const server = createServer();
  server.on('upgrade', (request: IncomingMessage, socket, head) => hub.accept(request, socket, head, principal));
  const url = await listen(server);
  try {
    const times: number[] = [];
    let arrived: () => void = () => undefined;
    const live = await subscribe(url, 'latency', () => arrived());
    for (let index = 0; index < WARM_UP + LATENCY_EVENTS; index++) {
      const startedAt = performance.now();
      const arrival = new Promise<void>((resolve) => (arrived = resolve));
      void events.append(eventAt(index));
      await arrival;
      if (index >= WARM_UP) times.push(performance.now() - startedAt);
    }
    live.close();
    await once(live, 'close');

    for (let done = 0; done < BACKLOG; done += 1_000) {
      await Promise.all(
        Array.from({ length: 1_000 }, (_, index) => events.append(eventAt(WARM_UP + LATENCY_EVENTS + done + index))),
      );
    }
    const total = WARM_UP + LATENCY_EVENTS + BACKLOG;
    const startedAt = performance.now();
    let count = 0;
    let finished: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (finished = resolve));
    await subscribe(url, 'throughput', () => {
      if (++count === total) finished();
    });
    await all;
    return {
      p50: median(times),
      p99: percentile(times, 0.99),
      perSecond: (total / (performance.now() - startedAt)) * 1_000,
    };
  } finally {
    await hub.stop(0);
    server.close();
    server.closeAllConnections();
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function measureEcho(): Promise<Figures> {
  const server = createServer();
  const echo = new WebSocketServer({ server, perMessageDeflate: false });
  echo.on('connection', (socket) => socket.on('message', (data) => socket.send((data as Buffer).toString())));
  const socket = new WebSocket(await listen(server));
  await once(socket, 'open');
  try {
    const payload = JSON.stringify(eventAt(0));
    let onMessage: () => void = () => undefined;
    socket.on('message', (data) => {
      JSON.parse((data as Buffer).toString());
      onMessage();
    });
    const times: number[] = [];
    for (let index = 0; index < WARM_UP + LATENCY_EVENTS; index++) {
      const startedAt = performance.now();
      const arrival = new Promise<void>((resolve) => (onMessage = resolve));
      socket.send(payload);
      await arrival;
      if (index >= WARM_UP) times.push(performance.now() - startedAt);
    }
    const startedAt = performance.now();
    await new Promise<void>((resolve) => {
      let count = 0;
      let sent = 0;
      const send = (): void => {
        if (sent++ < BACKLOG) socket.send(payload);
      };
      onMessage = () => {
        if (++count === BACKLOG) resolve();
        send();
      };
      for (let index = 0; index < MAX_WINDOW; index++) send();
    });
    return {
      p50: median(times),
      p99: percentile(times, 0.99),
      perSecond: (BACKLOG / (performance.now() - startedAt)) * 1_000,
    };
  } finally {
    socket.terminate();
    echo.close();
    server.close();
  }
}

/** Measures the echo and ours in turns and reports the medians. */
export async function run(): Promise<BenchmarkRow[]> {
  const ours: Figures[] = [];
  const bare: Figures[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await measureEcho());
    ours.push(await measureOurs());
  }
  const row = (name: string, unit: string, pick: keyof Figures, kind: BenchmarkRow['kind'], note: string) => ({
    name,
    unit,
    kind,
    ours: median(ours.map((figures) => figures[pick])),
    baseline: median(bare.map((figures) => figures[pick])),
    baselineIs: `bare ws echo of the same payload in the same process, there and back; ${note}`,
  });
  const latency = 'nothing is written to disk (ours: two fsyncs before the frame), filtered, ordered or acknowledged';
  const backlog = 'nothing is read from disk, ordered per chat or acknowledged on disk';
  return [
    row('event → subscriber', 'ms p50', 'p50', 'time', latency),
    row('event → subscriber', 'ms p99', 'p99', 'time', latency),
    row(`backlog → subscriber, ${MAX_WINDOW} in flight`, 'events/s', 'perSecond', 'rate', backlog),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${JSON.stringify(await run(), null, 2)}\n`);
}
