/** The sandbox engine runs through its suite twice: with the simulated network in this process, and in one of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';
import type { SessionName } from '../../bridge/src/contract/ids.ts';
import { LocalNetwork } from '../../bridge/src/engine/sandbox/local-network.ts';
import type { PhoneNetwork } from '../../bridge/src/engine/sandbox/phone-network.ts';
import { RemoteNetwork } from '../../bridge/src/engine/sandbox/remote-network.ts';
import type { SandboxDriver } from '../../bridge/src/engine/sandbox/driver/driver.ts';
import { SandboxEngineFactory } from '../../bridge/src/engine/sandbox/sandbox-factory.ts';
import { engineConformance } from './engine.suite.ts';
import { SUPPORTS_ALL, type EngineHarness } from './engine/engine-harness.ts';

let accounts = 0;
const WAIT_MS = 20_000;
const CONTACT = '4915112345678@c.us';
const GROUP = '120363000000000001@g.us';

async function sandboxHarness(
  folder: string,
  network: PhoneNetwork & SandboxDriver,
  end: () => Promise<void>,
): Promise<EngineHarness> {
  accounts += 1;
  const session = `conformance-${accounts}` as SessionName;
  const factory = new SandboxEngineFactory(network, { callDeadlineMs: 5_000 });
  // Somebody has written in the group once, so the account is in it.
  await network.drive('sandbox.receive', session, { from: CONTACT, group: GROUP, text: 'welcome' });
  return {
    contact: CONTACT,
    otherContact: '4915187654321@c.us',
    group: GROUP,
    ownNumber: (await network.drive('sandbox.account', session)).self.phone ?? '',
    unknownChat: '4915112000000@c.us',
    createEngine: (listener) => factory.create(session, join(folder, 'profile'), listener),
    scan: (code) => network.drive('sandbox.scan', session, { code }),
    scanByAnother: (code) => network.drive('sandbox.scan', session, { code, phone: '+4915550009999' }),
    typeCode: (code) => network.drive('sandbox.scan', session, { code }),
    say: async ({ from, group, text, location, media }) => {
      await network.drive('sandbox.receive', session, {
        from,
        ...(group === undefined ? {} : { group }),
        ...(text === undefined ? {} : { text }),
        ...(location === undefined ? {} : { kind: 'location', ...location }),
        ...(media === undefined
          ? {}
          : {
              media: {
                kind: media.kind,
                mimeType: media.mimeType,
                fileName: media.fileName,
                base64: media.bytes.toString('base64'),
              },
            }),
      });
    },
    vote: (vote) => network.drive('sandbox.vote', session, { ...vote, options: [...vote.options] }),
    failNextSend: () => network.drive('sandbox.setFaults', session, { sendFailsLater: {} }),
    sendFromPhone: async (said) => {
      await network.drive('sandbox.sendFromPhone', session, said);
    },
    inbox: async (atLeast) => {
      const entries = await network.drive('sandbox.inbox', session, {
        via: 'bridge',
        atLeast: atLeast,
        waitMs: 10_000,
      });
      return entries.map((entry) => ({
        messageId: entry.messageId,
        chatId: entry.chat.chatId,
        text: 'text' in entry ? entry.text : null,
        quotedMessageId: entry.quotedMessageId,
        mentions: entry.mentions,
        mediaSha256: 'media' in entry ? entry.media.sha256 : null,
        poll:
          entry.kind === 'poll'
            ? { question: entry.question, options: entry.options, allowMultipleAnswers: entry.allowMultipleAnswers }
            : null,
        location:
          entry.kind === 'location'
            ? { latitude: entry.latitude, longitude: entry.longitude, name: entry.name, address: entry.address }
            : null,
      }));
    },
    reactions: async (atLeast) => {
      const operations = await network.drive('sandbox.operations', session, {
        kind: 'reaction',
        atLeast: atLeast,
        waitMs: WAIT_MS,
      });
      return operations.map(({ messageId, emoji }) => ({ stanza: messageId?.split('_')[2] ?? '', emoji: emoji ?? '' }));
    },
    // One look at least turns something read; a second waits for nothing.
    read: async (atLeast) => {
      for (let looks = atLeast === 0 ? 0 : 1; ; looks += 1) {
        const operations = await network.drive('sandbox.operations', session, {
          kind: 'read',
          atLeast: looks,
          waitMs: WAIT_MS,
        });
        const read = operations.reduce((sum, operation) => sum + (operation.read ?? 0), 0);
        if (read >= atLeast || operations.length < looks) return read;
      }
    },
    typing: async (atLeast) => {
      const operations = await network.drive('sandbox.operations', session, {
        kind: 'typing',
        atLeast: atLeast,
        waitMs: WAIT_MS,
      });
      return operations.map(({ state }) => state ?? '');
    },
    dropConnection: () => network.drive('sandbox.disconnect', session, { forMs: 150 }),
    unlink: () => network.drive('sandbox.unlink', session),
    cleanUp: async () => {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

engineConformance('sandbox, network in this process', SUPPORTS_ALL, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wabridge-sandbox-'));
  const network = new LocalNetwork({ folder: join(folder, 'network') });
  return sandboxHarness(folder, network, () => network.close());
});

let beside: Promise<{ server: ChildProcess; url: string; folder: string }> | null = null;
afterAll(async () => {
  if (!beside) return;
  const { server, folder } = await beside;
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  await ended;
  await rm(folder, { recursive: true, force: true });
});

engineConformance(
  'sandbox, network in a process of its own',
  SUPPORTS_ALL,
  async () => {
    // One network for all tests, as there is one WhatsApp; each test has an account of its own.
    beside ??= startNetwork();
    const network = new RemoteNetwork((await beside).url);
    return sandboxHarness(await mkdtemp(join(tmpdir(), 'wabridge-sandbox-')), network, () => network.close());
  },
  { timeoutMs: 60_000 },
);

async function startNetwork(): Promise<{ server: ChildProcess; url: string; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'wabridge-network-'));
  const file = fileURLToPath(new URL('../../bridge/src/engine/sandbox/network-server.ts', import.meta.url));
  const server = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: process.env['TEST_NODE_OPTIONS'] ?? '' },
  });
  for await (const line of createInterface({ input: server.stdout })) {
    return { server, folder, url: (JSON.parse(line) as { url: string }).url };
  }
  throw new Error('the network server ended before it said where it listens');
}
