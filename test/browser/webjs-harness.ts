/** A WhatsApp account on the stand-in network, driven by the real whatsapp-web.js in a real Chromium. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionName } from '../../bridge/src/contract/ids.ts';
import type { Engine, EngineListener } from '../../bridge/src/engine/engine.ts';
import { findBrowser } from '../../bridge/src/engine/webjs/browser/browser-finder.ts';
import { DEADLINES, type Deadlines } from '../../bridge/src/engine/webjs/deadlines.ts';
import type { WebjsSettings } from '../../bridge/src/engine/webjs/webjs-engine.ts';
import { WebjsFactory } from '../../bridge/src/engine/webjs/webjs.ts';
import { type Clock, systemClock } from '../../bridge/src/ops/clock.ts';
import { createLogger, type Log } from '../../bridge/src/ops/logger.ts';
import type { ReceivedByContact } from '../conformance/engine/engine-harness.ts';
import type { Account, Group, PhoneEvent } from '../standin/account.ts';
import type { WireMessage } from '../standin/frames.ts';
import { Standin } from '../standin/server.ts';
import type { PageSettings } from '../standin/page-settings.ts';
import { BUILDS } from '../standin/page-settings.ts';

/** Where Debian's packages put the two browsers; `npm test` installs both. */
export const BROWSERS = {
  chromium: '/usr/bin/chromium',
  'headless shell': '/usr/bin/chromium-headless-shell',
} as const;
export type BrowserKind = keyof typeof BROWSERS;

/** Those that the account writes with. */
export interface People {
  readonly bob: Account;
  readonly carol: Account;
  readonly group: Group;
}

export class WebjsHarness {
  readonly standin: Standin;
  readonly me: Account;
  #people: People;
  readonly folder: string;
  /** Undefined leaves the choice to the engine. */
  readonly browserPath: string | undefined;
  /** What time it is for the bridge. */
  clock: Clock = systemClock;
  readonly #engines = new Set<Engine>();

  constructor(standin: Standin, folder: string, browserPath: string | undefined) {
    this.standin = standin;
    this.folder = folder;
    this.browserPath = browserPath;
    const { network } = standin;
    this.me = network.addAccount('4915110000001', 'Me');
    this.#people = this.addPeople('4915110000002', '4915110000003');
  }

  get bob(): Account {
    return this.#people.bob;
  }
  get carol(): Account {
    return this.#people.carol;
  }
  get group(): Group {
    return this.#people.group;
  }

  /** Two people who read what they get at once, in a group with the account. */
  addPeople(bobsPhone: string, carolsPhone: string): People {
    const { network } = this.standin;
    const bob = network.addAccount(bobsPhone, 'Bob');
    const carol = network.addAccount(carolsPhone, 'Carol');
    for (const each of [bob, carol]) each.readsAtOnce = true;
    return { bob, carol, group: network.addGroup('All of us', [this.me, bob, carol]) };
  }

  /** From now on these are Bob, Carol and the group: what others received does not count any more. */
  meet(people: People): void {
    this.#people = people;
  }

  /** Other people for another test on the same linked session. The page knows the group once somebody has written in it. */
  meetOthers(): void {
    const number = 10_000 + this.standin.network.accounts.length;
    this.meet(this.addPeople(`49151200${number}`, `49151300${number}`));
  }

  static async open<Harness extends WebjsHarness>(
    this: new (standin: Standin, folder: string, browserPath: string | undefined) => Harness,
    build: PageSettings['build'] = '_serialized',
    browser?: BrowserKind,
  ): Promise<Harness> {
    const browserPath = browser ? BROWSERS[browser] : process.env['WABRIDGE_BROWSER_PATH'];
    // A machine without a browser fails here, with what to install: these tests are never skipped.
    findBrowser(browserPath);
    const standin = new Standin();
    Object.assign(standin.page, { build, version: BUILDS[build] });
    await standin.start();
    return new this(standin, await mkdtemp(join(tmpdir(), 'wabridge-webjs-')), browserPath);
  }

  get profileFolder(): string {
    return join(this.folder, 'profile');
  }

  /** @param settings more than what leads the browser to the stand-in */
  createEngine(
    listener: EngineListener,
    deadlines: Partial<Deadlines> = {},
    { browserArgs = [], ...others }: WebjsSettings = {},
    log: Log = createLogger('silent', 'json'),
  ): Engine {
    const settings = {
      browserPath: this.browserPath,
      browserArgs: [...this.standin.browserArgs, ...browserArgs],
      ...others,
    };
    const factory = new WebjsFactory(settings, this.clock, log, {
      ...DEADLINES,
      ...deadlines,
    });
    const engine = factory.create('conformance' as SessionName, this.profileFolder, listener);
    this.#engines.add(engine);
    return engine;
  }

  /** What Bob and Carol got from this account, as the account would name it; a group message once. */
  received(): readonly ReceivedByContact[] {
    const seen = new Map<string, ReceivedByContact>();
    for (const contact of [this.bob, this.carol]) {
      for (const message of contact.inbox) {
        if ((message.author ?? message.from) === this.me.wid && !seen.has(message.stanza))
          seen.set(message.stanza, this.#asSent(message, contact));
      }
    }
    return [...seen.values()];
  }

  async inbox(atLeast: number): Promise<readonly ReceivedByContact[]> {
    const { events } = this.standin.network;
    if (this.received().length < atLeast) {
      await new Promise<void>((resolve, reject) => {
        const look = (): void => {
          if (this.received().length < atLeast) return;
          clearTimeout(timer);
          events.off('arrived', look);
          resolve();
        };
        const timer = setTimeout(() => {
          events.off('arrived', look);
          reject(new Error(`${this.received().length} of ${atLeast} messages arrived in 60 s`));
        }, 60_000);
        events.on('arrived', look);
      });
    }
    return this.received();
  }

  /** What reached the phones of Bob and Carol besides messages, of one kind; what reached both counts once. */
  phoneEvents<Kind extends PhoneEvent['kind']>(kind: Kind): readonly Extract<PhoneEvent, { kind: Kind }>[] {
    const told = [this.bob, this.carol].flatMap((contact) => contact.phoneEvents);
    const mine = told.filter(
      (each): each is Extract<PhoneEvent, { kind: Kind }> => each.kind === kind && each.by === this.me,
    );
    return [...new Set(mine)];
  }

  /** The same, once there are enough of those that count. */
  async untilPhoneEvents<Kind extends PhoneEvent['kind']>(
    kind: Kind,
    atLeast: number,
    counts: (phoneEvents: Extract<PhoneEvent, { kind: Kind }>) => boolean = () => true,
  ): Promise<readonly Extract<PhoneEvent, { kind: Kind }>[]> {
    const look = (): readonly Extract<PhoneEvent, { kind: Kind }>[] => this.phoneEvents(kind).filter(counts);
    return this.standin.network.until(`${atLeast} of ${kind}`, () => look().length >= atLeast && look());
  }

  async close(): Promise<void> {
    await Promise.all([...this.#engines].map((engine) => engine.stop()));
    await this.standin.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #asSent(message: WireMessage, contact: Account): ReceivedByContact {
    const group = message.chat.endsWith('@g.us');
    const chatId = group ? message.chat : contact.pn;
    const tail = (author: string): string => (group ? `_${author}` : '');
    const bytes = message.media ? this.standin.mediaBytes(message.media.directPath) : undefined;
    const { quoted } = message;
    return {
      messageId: `true_${chatId}_${message.stanza}${tail(this.me.pn)}`,
      chatId,
      text: (message.media ? message.caption : message.body) ?? null,
      quotedMessageId: quoted
        ? `${quoted.participant === this.me.wid}_${chatId}_${quoted.stanza}${tail(quoted.participant)}`
        : null,
      mentions: message.mentions,
      mediaSha256: bytes ? createHash('sha256').update(bytes).digest('hex') : null,
      poll: message.type === 'poll_creation' ? pollOf(message.extra) : null,
      location: message.type === 'location' ? locationOf(message.extra) : null,
    };
  }
}

/** The fields of a location as WhatsApp sends them: name and address stand in one text, on a line each. */
function locationOf(extra: WireMessage['extra']): ReceivedByContact['location'] {
  const [name, ...address] = ((extra?.['loc'] as string | undefined) ?? '').split('\n');
  return {
    latitude: Number(extra?.['lat']),
    longitude: Number(extra?.['lng']),
    name: name ? name : null,
    address: address.length > 0 ? address.join('\n') : null,
  };
}

/** The fields of a poll as WhatsApp sends them. */
function pollOf(extra: WireMessage['extra']): ReceivedByContact['poll'] {
  const options = extra?.['pollOptions'] as readonly { readonly name: string }[];
  return {
    question: String(extra?.['pollName']),
    options: options.map(({ name }) => name),
    allowMultipleAnswers: extra?.['pollSelectableOptionsCount'] === 0,
  };
}
