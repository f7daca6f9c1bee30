/**
 * A process to be killed: an engine on a simulated network, in this process or (with a URL) in another, that sends
 * without a pause. Says on stdout what it is about to send (`try`), and what it has a receipt for (`sent`).
 */
import { join } from 'node:path';
import type { ChatId, SessionName } from '../../../../bridge/src/contract/ids.ts';
import { LocalNetwork } from '../../../../bridge/src/engine/sandbox/local-network.ts';
import { RemoteNetwork } from '../../../../bridge/src/engine/sandbox/remote-network.ts';
import { SandboxEngineFactory } from '../../../../bridge/src/engine/sandbox/sandbox-factory.ts';

const [folder, url] = process.argv.slice(2) as [string, string | undefined];
const network =
  url === undefined ? new LocalNetwork({ folder: join(folder, 'network'), autoLink: true }) : new RemoteNetwork(url);
const chatId = '4915112345678@c.us' as ChatId;
const tell = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const engine = new SandboxEngineFactory(network).create('victim' as SessionName, join(folder, 'profile'), {
  signal: (signal) => {
    tell({ signal: signal.kind });
    if (signal.kind === 'ready') for (let lane = 0; lane < 4; lane += 1) void sendOn();
  },
  fact: async (fact) => {
    if (fact.type === 'message.received') tell({ got: fact.data.messageId });
  },
});
async function sendOn(): Promise<never> {
  for (;;) {
    const messageId = engine.chooseMessageId(chatId);
    tell({ try: messageId });
    await engine.perform('message.sendText', { chatId, text: messageId }, messageId);
    tell({ sent: messageId });
  }
}
await engine.start();
