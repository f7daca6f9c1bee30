/** A whatsapp-web.js account as the conformance suite wants it. */
import type { EngineHarness, ReactionSeen } from '../conformance/engine/engine-harness.ts';
import type { Account } from '../standin/account.ts';
import { location } from '../standin/contents.ts';
import type { PageSettings } from '../standin/page-settings.ts';
import { type BrowserKind, WebjsHarness } from './webjs-harness.ts';

/** For how many checks on one linked session there are people. A page learns of its contacts and groups when it is linked. */
const CHECKS = 50;

export async function conformanceHarness(build: PageSettings['build'], browser: BrowserKind): Promise<EngineHarness> {
  const harness = await WebjsHarness.open(build, browser);
  const { standin, me } = harness;
  const { network } = standin;
  const others = Array.from({ length: CHECKS }, (_, index) =>
    harness.addPeople(`49151200${10_000 + index}`, `49151300${10_000 + index}`),
  );
  return {
    get contact() {
      return harness.bob.pn;
    },
    get otherContact() {
      return harness.carol.pn;
    },
    get group() {
      return harness.group.id;
    },
    meetOthers: () => {
      const next = others.shift();
      if (next === undefined) throw new Error(`more than ${CHECKS} checks share a session`);
      network.refuses = false;
      harness.meet(next);
    },
    ...conversation(harness),
    ownNumber: `+${me.phone}`,
    unknownChat: '4915119999999@c.us',
    createEngine: (listener) => harness.createEngine(listener),
    scan: async (code) => standin.scan(code, me),
    scanByAnother: async (code) => standin.scan(code, network.addAccount('4915110000009', 'Somebody else')),
    typeCode: async (code) => standin.enterCode(code, me),
    // Typed by hand counts as received too; the suite asks only for what the engine sent.
    inbox: (atLeast) => harness.inbox(atLeast),
    reactions: async (atLeast): Promise<ReactionSeen[]> =>
      (await harness.untilPhoneEvents('reaction', atLeast)).map(({ stanza, emoji }) => ({ stanza, emoji })),
    // A receipt of the third level says that a message was read.
    read: async (atLeast) => (await harness.untilPhoneEvents('receipt', atLeast, ({ ack }) => ack === 3)).length,
    typing: async (atLeast) => (await harness.untilPhoneEvents('chatstate', atLeast)).map(({ state }) => state),
    dropConnection: async () => {
      for (const device of me.devices) device.drop();
    },
    unlink: async () => network.unlink(me),
    cleanUp: () => harness.close(),
  };
}

/** What people write, and the owner on the phone. */
function conversation(harness: WebjsHarness): Pick<EngineHarness, 'say' | 'vote' | 'failNextSend' | 'sendFromPhone'> {
  const { standin, me } = harness;
  const { network } = standin;
  const someone = (id: string): Account => {
    const found = network.find(id);
    if (!found) throw new Error('nobody has this id');
    return found;
  };
  return {
    say: async ({ from, group, text, location: place, media }) => {
      const content = media
        ? {
            type: media.kind,
            ...(text === undefined ? {} : { caption: text }),
            media: standin.storeMedia(media.bytes, media.mimeType, media.fileName),
          }
        : place
          ? location(place.latitude, place.longitude, place.name ?? undefined, place.address ?? undefined)
          : { type: 'chat', body: text ?? '' };
      network.say(someone(from), group === undefined ? me : harness.group, content);
    },
    vote: async ({ from, messageId, options }) => {
      network.vote(someone(from), messageId.split('_')[2] ?? '', options);
    },
    failNextSend: async () => {
      network.refuses = true;
    },
    sendFromPhone: async ({ to, text }) => {
      network.say(me, someone(to), text);
    },
  };
}
