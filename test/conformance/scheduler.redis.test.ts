/** The scheduler on a real Redis: what every scheduler must do, and what only one with a server can. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { SessionName } from '../../bridge/src/contract/ids.ts';
import { freshRedis } from '../servers/fresh.ts';
import { startRedis } from '../servers/redis.ts';
import { makeCertificate } from '../standin/certificate.ts';
import { until } from '../until.ts';
import { redisScheduler } from './redis-at-test.ts';
import { schedulerSuite } from './scheduler.suite.ts';

schedulerSuite('on Redis', async () => redisScheduler(await freshRedis()).scheduler);

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const A = 'a' as SessionName;

test('Redis keeps the time, rather than the timer of this process', async () => {
  const { scheduler, woken, ups, lines } = redisScheduler(await freshRedis());
  ends.push(() => scheduler.stop());
  let wakes = 0;
  await scheduler.start(() => void (wakes += 1));
  expect(scheduler.state).toBe('ok');
  await scheduler.wakeAt(A, Date.now() + 100);
  await until('the wake-up', () => wakes === 1);
  expect(woken).toEqual({ redis: 1, process: 0 });
  expect(ups).toEqual([true]);
  expect(lines.map(({ level, text }) => [level, text])).toEqual([['info', 'wake-ups are kept in Redis']]);
});

test('what a process asked for before it ended is kept, and wakes the next one', async () => {
  const url = await freshRedis();
  const { scheduler: first } = redisScheduler(url, 'outbox');
  await first.start(() => undefined);
  const at = Date.now() + 1_500;
  await first.wakeAt(A, at);
  await first.stop();
  const { scheduler: second } = redisScheduler(url, 'outbox');
  ends.push(() => second.stop());
  const wakes: { key: string; at: number }[] = [];
  await second.start((key) => void wakes.push({ key, at: Date.now() }));
  await until('the wake-up', () => wakes.length === 1);
  expect(wakes[0]!.key).toBe(A);
  expect(wakes[0]!.at).toBeGreaterThanOrEqual(at);
});

test('nothing is left in Redis of wake-ups that were done or replaced', async () => {
  const server = await startRedis();
  ends.push(() => server.stop());
  const { scheduler } = redisScheduler(server.url, 'outbox');
  ends.push(() => scheduler.stop());
  let wakes = 0;
  await scheduler.start(() => void (wakes += 1));
  const client = new Redis(server.url);
  ends.push(() => client.quit());
  const jobs = async () => (await client.keys('wabridge:outbox:????????-*')).length;
  await scheduler.wakeAt(A, Date.now() + 3_600_000);
  expect(await jobs()).toBe(1);
  await scheduler.wakeAt(A, Date.now() + 50);
  await until('the wake-up', () => wakes === 1);
  await until('no job', async () => (await jobs()) === 0);
});

test('speaks TLS with a password, and says neither', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wabridge-redis-tls-'));
  const trusted = getCACertificates('default');
  ends.push(async () => setDefaultCACertificates(trusted));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const { key, cert } = await makeCertificate('localhost');
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  await writeFile(keyFile, key);
  await writeFile(certFile, cert);
  const password = 'open: sesame/?';
  const server = await startRedis({ password, tls: { keyFile, certFile } });
  ends.push(() => server.stop());

  const { scheduler: stranger, lines: ofStranger } = redisScheduler(server.url);
  ends.push(() => stranger.stop());
  await stranger.start(() => undefined);
  expect(stranger.state).toMatch(/self-signed certificate/);

  setDefaultCACertificates([...trusted, cert]);
  const { scheduler, lines, woken } = redisScheduler(server.url);
  ends.push(() => scheduler.stop());
  await scheduler.start(() => undefined);
  await scheduler.wakeAt(A, Date.now() + 50);
  await until('the wake-up', () => woken.redis === 1);

  const { scheduler: wrong, lines: ofWrong } = redisScheduler(server.url.replace(/:[^:@]*@/, ':other@'));
  ends.push(() => wrong.stop());
  await wrong.start(() => undefined);
  expect(wrong.state).toMatch(/the user or password is not accepted/);
  const said = JSON.stringify([lines, ofStranger, ofWrong, scheduler.state, wrong.state]);
  for (const secret of [password, encodeURIComponent(password), 'other']) expect(said).not.toContain(secret);
});
