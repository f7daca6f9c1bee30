/** Prometheus metrics. Labels hold types, states, route patterns and names of sessions: never a number, a name of a chat or a body. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Where gauges look when they are scraped. */
export interface MetricSources {
  /** Whether the database answers. */
  databaseIsUp(): boolean;
  outboxByState(): Promise<Readonly<Record<string, number>>>;
  /** The state of each session. */
  sessionStates(): readonly string[];
  openStreams(): number;
  /** Position of the newest event. */
  logHead(): number;
  /** Whether the media store can be used, as far as is known. */
  mediaStoreUp(): boolean;
  /** The same of the profile store; missing if there is none. */
  readonly profileStoreUp?: () => boolean;
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #http: Histogram<'route' | 'method' | 'status'>;
  readonly #events: Counter<'type'>;
  readonly #deliveries: Counter<'outcome'>;
  readonly #outboxOutcomes: Counter<'outcome'>;
  readonly #probes: Counter<'probe' | 'outcome'>;
  readonly #sessionMemory: Gauge<'session'>;
  readonly #wakeUps: Counter<'source'>;
  /** Exists only where Redis is used. */
  #redisUp: Gauge | null = null;
  readonly #profileArchives: Counter<'outcome'>;

  constructor() {
    const registers = [this.#registry];
    this.#http = new Histogram({
      name: 'wabridge_http_request_seconds',
      help: 'Time to answer an HTTP request, by route pattern',
      labelNames: ['route', 'method', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30],
      registers,
    });
    this.#events = new Counter({
      name: 'wabridge_events_appended_total',
      help: 'Events recorded, by type',
      labelNames: ['type'],
      registers,
    });
    this.#deliveries = new Counter({
      name: 'wabridge_deliveries_total',
      help: 'Deliveries to subscriptions: sent, acked, nacked, lost (connection ended first) and dead (moved to dead letters)',
      labelNames: ['outcome'],
      registers,
    });
    this.#outboxOutcomes = new Counter({
      name: 'wabridge_outbox_outcomes_total',
      help: 'Outbox messages that reached a state, by state',
      labelNames: ['outcome'],
      registers,
    });
    this.#probes = new Counter({
      name: 'wabridge_session_probes_total',
      help: 'Probes of the health of sessions in a browser, by probe and outcome (ok, failed, unknown)',
      labelNames: ['probe', 'outcome'],
      registers,
    });
    this.#sessionMemory = new Gauge({
      name: 'wabridge_session_memory_bytes',
      help: 'Memory of the browser of a session and of everything it started (PSS), by session',
      labelNames: ['session'],
      registers,
    });
    this.#profileArchives = new Counter({
      name: 'wabridge_profile_archives_total',
      help: 'Copies of logins for the profile store, by outcome: stored, unchanged, busy (the browser wrote meanwhile; tried again), failed, and restored for those that were read back',
      labelNames: ['outcome'],
      registers,
    });
    this.#wakeUps = new Counter({
      name: 'wabridge_redis_wake_ups_total',
      help: 'Wake-ups of the outbox where Redis is used, by what kept their time: redis, or process while Redis was away or late',
      labelNames: ['source'],
      registers,
    });
  }

  /** Whether Redis can be used. */
  redisUp(up: boolean): void {
    this.#redisUp ??= new Gauge({
      name: 'wabridge_redis_up',
      help: 'Whether Redis can be used (1) or timers of this process take its place (0)',
      registers: [this.#registry],
    });
    this.#redisUp.set(up ? 1 : 0);
  }

  profileArchived(outcome: string): void {
    this.#profileArchives.inc({ outcome });
  }

  wokenBy(source: 'redis' | 'process'): void {
    this.#wakeUps.inc({ source });
  }

  /** @param bytes null once the session uses none */
  sessionMemory(session: string, bytes: number | null): void {
    if (bytes === null) this.#sessionMemory.remove({ session });
    else this.#sessionMemory.set({ session }, bytes);
  }

  /** Begins to watch the process and the given sources. */
  start(sources: MetricSources): void {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry, prefix: 'wabridge_' });
    byState('wabridge_outbox_messages', 'Outbox messages, by state', () => sources.outboxByState(), registers);
    byState('wabridge_sessions', 'Sessions, by state', async () => countEach(sources.sessionStates()), registers);
    gauge(
      'wabridge_database_up',
      '1 while the database answers, else 0',
      () => Number(sources.databaseIsUp()),
      registers,
    );
    gauge('wabridge_streams', 'Open streams', () => sources.openStreams(), registers);
    gauge(
      'wabridge_media_store_up',
      'Whether the media store could be used when it was last asked (1 or 0)',
      () => Number(sources.mediaStoreUp()),
      registers,
    );
    const { profileStoreUp } = sources;
    if (profileStoreUp)
      gauge(
        'wabridge_profile_store_up',
        'Whether the profile store could be used when it was last asked (1 or 0)',
        () => Number(profileStoreUp()),
        registers,
      );
    gauge('wabridge_log_head', 'Position of the newest event', () => sources.logHead(), registers);
  }

  httpAnswered(route: string, method: string, status: number, seconds: number): void {
    this.#http.observe({ route, method, status }, seconds);
  }

  eventAppended(type: string): void {
    this.#events.inc({ type });
  }

  delivery(outcome: 'sent' | 'acked' | 'nacked' | 'lost' | 'dead'): void {
    this.#deliveries.inc({ outcome });
  }

  outboxReached(outcome: string): void {
    this.#outboxOutcomes.inc({ outcome });
  }

  sessionProbed(probe: string, outcome: string): void {
    this.#probes.inc({ probe, outcome });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The current values in the text format. */
  render(): Promise<string> {
    return this.#registry.metrics();
  }
}

function countEach(values: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function byState(
  name: string,
  help: string,
  read: () => Promise<Readonly<Record<string, number>>>,
  registers: Registry[],
): void {
  new Gauge({
    name,
    help,
    labelNames: ['state'],
    registers,
    async collect() {
      this.reset();
      for (const [state, count] of Object.entries(await read())) this.set({ state }, count);
    },
  });
}

function gauge(name: string, help: string, read: () => number, registers: Registry[]): void {
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read());
    },
  });
}
