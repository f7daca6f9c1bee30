/** The servers that tests bring: they answer, hold still, come back over their data, and leave nothing behind. */
import { existsSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { isHeld, isRunning } from '../browser/processes.ts';
import { freshPostgres, freshRedis } from '../servers/fresh.ts';
import { startPostgres } from '../servers/postgres.ts';
import { startRedis } from '../servers/redis.ts';
import { TcpProxy } from '../servers/tcp-proxy.ts';
import { until } from '../until.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Whether a process was stopped by SIGSTOP and has not gone on. */
async function ask(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows.map((row) => Object.values(row)[0]);
  } finally {
    await client.end();
  }
}

async function onRedis<Answer>(url: string, work: (redis: Redis) => Promise<Answer>): Promise<Answer> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: null });
  redis.on('error', () => undefined);
  await redis.connect();
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

describe('shared servers', () => {
  test('each caller gets an empty PostgreSQL database', async () => {
    const [one, other] = [await freshPostgres(), await freshPostgres()];
    expect(one).not.toBe(other);
    await ask(one, 'create table t as select 1 as n');
    expect(await ask(one, 'select n from t')).toEqual([1]);
    await expect(ask(other, 'select n from t')).rejects.toThrow('does not exist');
  });

  test('each caller gets an empty Redis database', async () => {
    const [one, other] = [await freshRedis(), await freshRedis()];
    await onRedis(one, (redis) => redis.set('a', '1'));
    expect(await onRedis(other, (redis) => redis.get('a'))).toBeNull();
    expect(await onRedis(one, (redis) => redis.get('a'))).toBe('1');
  });
});

describe('a server of its own', () => {
  test('PostgreSQL is killed with all its processes, and comes back with what was committed', async () => {
    const server = await startPostgres({ durable: true });
    ends.push(() => server.stop());
    const client = new pg.Client({ connectionString: server.url });
    const cut = new Promise<Error>((resolve) => client.once('error', resolve));
    await client.connect();
    await client.query('create table t as select 7 as n');
    const backend = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!.pid;
    const { pid } = server;
    await server.kill();
    expect([isRunning(pid), isRunning(backend)]).toEqual([false, false]);
    expect((await cut).message).toMatch(/terminat|ECONNRESET/);
    await server.restart();
    expect(server.pid).not.toBe(pid);
    expect(await ask(server.url, 'select n from t')).toEqual([7]);
  });

  test('PostgreSQL that holds still answers once it goes on, also on connections that were open', async () => {
    const server = await startPostgres();
    ends.push(() => server.stop());
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    ends.push(() => client.end());
    const backend = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!.pid;
    await server.pause();
    const answer = client.query('select 1 as n');
    expect([isHeld(server.pid), isHeld(backend)]).toEqual([true, true]);
    await server.resume();
    expect((await answer).rows).toEqual([{ n: 1 }]);
    expect([isHeld(server.pid), isHeld(backend)]).toEqual([false, false]);
  });

  test('Redis holds still, is killed, and comes back with what it wrote down', async () => {
    const server = await startRedis({ durable: true });
    ends.push(() => server.stop());
    await onRedis(server.url, (redis) => redis.set('a', '1'));
    await server.pause();
    expect(isHeld(server.pid)).toBe(true);
    const answer = onRedis(server.url, (redis) => redis.get('a'));
    await server.resume();
    expect(await answer).toBe('1');
    await server.kill();
    await expect(onRedis(server.url, (redis) => redis.get('a'))).rejects.toThrow();
    await server.restart();
    expect(await onRedis(server.url, (redis) => redis.get('a'))).toBe('1');
  });

  test('a server that was stopped leaves neither a process nor a folder', async () => {
    const server = await startRedis();
    const [, folder] = (await onRedis(server.url, (redis) => redis.config('GET', 'dir'))) as [string, string];
    const { pid } = server;
    expect(existsSync(folder)).toBe(true);
    await server.stop();
    expect([isRunning(pid), existsSync(folder)]).toEqual([false, false]);
  });

  test('a server that cannot start says what it wrote', async () => {
    await expect(startRedis({ settings: { maxmemory: 'a lot' } })).rejects.toThrow(/maxmemory/);
  });
});

describe('the proxy', () => {
  /** A server that sends back what it gets, a proxy before it, and a client of that. */
  async function open() {
    const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const target = (server.address() as AddressInfo).port;
    const proxy = await TcpProxy.before(target);
    ends.push(
      () => new Promise((resolve) => server.close(resolve)),
      () => proxy.stop(),
    );
    const dial = async () => {
      const socket = connect(proxy.port, '127.0.0.1');
      let received = '';
      socket.on('data', (chunk) => (received += String(chunk)));
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      return { socket, closed, received: () => received };
    };
    return { proxy, dial, target };
  }

  test('forwards, cuts and refuses', async () => {
    const { proxy, dial } = await open();
    const first = await dial();
    first.socket.write('hello');
    await until('the echo', () => first.received() === 'hello');
    proxy.cut();
    await first.closed;
    await until('no connection', () => proxy.connections === 0);
    const second = await dial();
    await proxy.refuse();
    await second.closed;
    await expect(dial()).rejects.toThrow('ECONNREFUSED');
    await proxy.forward();
    const third = await dial();
    third.socket.write('again');
    await until('the echo', () => third.received() === 'again');
    third.socket.destroy();
  });

  test('holds back, and delivers once it forwards', async () => {
    const { proxy, dial, target } = await open();
    const client = await dial();
    client.socket.write('a');
    await until('the echo', () => client.received() === 'a');
    proxy.hold();
    client.socket.write('b');
    const late = await dial();
    late.socket.write('c');
    // Time enough for the echo, had it not been held.
    const beside = await TcpProxy.before(target);
    const witness = connect(beside.port, '127.0.0.1');
    witness.write('x');
    await once(witness, 'data');
    witness.destroy();
    await beside.stop();
    expect([client.received(), late.received()]).toEqual(['a', '']);
    await proxy.forward();
    await until('both', () => client.received() === 'ab' && late.received() === 'c');
    for (const { socket } of [client, late]) socket.destroy();
  });

  test.each(['to the server', 'to the client'] as const)('swallows bytes %s', async (direction) => {
    const { proxy, dial } = await open();
    const client = await dial();
    client.socket.write('a');
    await until('the echo', () => client.received() === 'a');
    proxy.swallow(direction);
    client.socket.write('lost');
    await until('the loss', () => proxy.swallowedBytes === 'lost'.length);
    await proxy.forward();
    client.socket.write('b');
    await until('what came after', () => client.received() === 'ab');
    client.socket.destroy();
  });
});
