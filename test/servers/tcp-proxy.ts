/** A network that a test can break: a proxy on loopback before a server, which forwards until it is told otherwise. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Which way bytes go. */
export type Direction = 'to the server' | 'to the client';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

export class TcpProxy {
  #target: number;
  readonly #pairs = new Set<Pair>();
  readonly #swallowed = new Set<Direction>();
  #listener: Server | null = null;
  #port = 0;
  #held = false;
  #swallowedBytes = 0;

  private constructor(target: number) {
    this.#target = target;
  }

  /** @param target port of the server on loopback */
  static async before(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** How many connections are open through it. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** How many bytes have vanished so far. */
  get swallowedBytes(): number {
    return this.#swallowedBytes;
  }

  /** The URL of the server, by way of this proxy. */
  through(url: string): string {
    const through = new URL(url);
    through.port = String(this.#port);
    return through.href;
  }

  /** New connections go to another server on loopback; those that are open stay. */
  leadTo(target: number): void {
    this.#target = target;
  }

  /** Resets all connections. New ones are forwarded. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Resets all connections and refuses new ones. */
  async refuse(): Promise<void> {
    const listener = this.#listener;
    this.#listener = null;
    const closed = listener && new Promise((resolve) => listener.close(resolve));
    this.cut();
    await closed;
  }

  /** From now on, bytes of one direction vanish, on connections that are open and on new ones. */
  swallow(direction: Direction): void {
    this.#swallowed.add(direction);
  }

  /** From now on, nothing passes in either direction; it arrives once the proxy forwards again. */
  hold(): void {
    this.#held = true;
    for (const pair of this.#pairs) pause(pair);
  }

  /** Ends every fault. What was swallowed stays lost. */
  async forward(): Promise<void> {
    this.#swallowed.clear();
    this.#held = false;
    for (const { client, server } of this.#pairs) {
      client.resume();
      server.resume();
    }
    if (!this.#listener) await this.#listen();
  }

  stop(): Promise<void> {
    return this.refuse();
  }

  async #listen(): Promise<void> {
    // Half-open connections are a server's business: an end is passed on as an end.
    const listener = createServer({ allowHalfOpen: true }, (client) => this.#lead(client));
    listener.listen(this.#port, '127.0.0.1');
    await once(listener, 'listening');
    this.#port = (listener.address() as AddressInfo).port;
    this.#listener = listener;
  }

  #lead(client: Socket): void {
    const server = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true });
    const pair = { client, server };
    this.#pairs.add(pair);
    this.#pass(client, server, 'to the server');
    this.#pass(server, client, 'to the client');
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#pairs.delete(pair);
        other.destroySoon();
      });
    }
    if (this.#held) pause(pair);
  }

  #pass(from: Socket, to: Socket, direction: Direction): void {
    from.on('data', (chunk: Buffer) => {
      if (this.#swallowed.has(direction)) this.#swallowedBytes += chunk.length;
      else to.write(chunk);
    });
    from.on('end', () => {
      if (!this.#swallowed.has(direction)) to.end();
    });
  }
}

function pause({ client, server }: Pair): void {
  client.pause();
  server.pause();
}
