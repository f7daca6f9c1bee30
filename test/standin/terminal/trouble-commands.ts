/** What goes wrong. */
import type { Deafness } from '../pages.ts';
import type { Commands } from './command.ts';

const DEAFNESS: readonly Deafness[] = ['listeners', 'collections', 'functions', 'inbound', 'half-open'];
const BLOCKED = ['TOS_BLOCK', 'SMB_TOS_BLOCK', 'PROXYBLOCK', 'DEPRECATED_VERSION', 'no'] as const;
/** What the server can be told to do, and the switch on the network. */
const SWITCHES = {
  'hold-acks': 'holdsAcks',
  refuse: 'refuses',
  swallow: 'swallows',
  'lose-answers': 'losesAnswers',
} as const;
const NAMES = Object.keys(SWITCHES) as (keyof typeof SWITCHES)[];

export const troubleCommands: Commands = {
  hang: {
    usage: '<who> <Module.function>',
    help: 'calls of a page function do not return, until "repair" or a reload',
    run: ({ standin, words }, [who, path]) => standin.pageOf(words.person(who)).hang(path ?? ''),
  },
  throw: {
    usage: '<who> <Module.function> <text>',
    help: 'calls of a page function throw',
    run: ({ standin, words }, [who, path = '', ...text]) =>
      standin.pageOf(words.person(who)).fault(path, { throws: words.rest(text, 'the text') }),
  },
  repair: {
    usage: '<who>',
    help: 'takes away what "hang" and "throw" did',
    run: ({ standin, words }, [who]) => standin.pageOf(words.person(who)).repair(),
  },
  busy: {
    usage: '<who> <seconds>',
    help: 'the page does nothing else for a while',
    run: ({ standin, words }, [who, seconds]) =>
      standin.pageOf(words.person(who)).busy(words.number(seconds, 'the time') * 1_000),
  },
  deafen: {
    usage: `<who> ${DEAFNESS.join('|')}`,
    help: 'the page lives and hears nothing, until a reload',
    run: ({ standin, words }, [who, way]) => standin.pageOf(words.person(who)).deafen(words.oneOf(way, DEAFNESS)),
  },
  grow: {
    usage: '<who> <megabytes>',
    help: 'the page takes more memory',
    run: ({ standin, words }, [who, megabytes]) =>
      standin.pageOf(words.person(who)).grow(words.number(megabytes, 'the size')),
  },
  crash: {
    usage: '<who>',
    help: 'kills the renderers of the browser (Linux)',
    run: ({ standin, words }, [who]) => standin.pageOf(words.person(who)).crash(),
  },
  reload: {
    usage: '<who>',
    help: 'the page reloads itself',
    run: ({ standin, words }, [who]) => standin.pageOf(words.person(who)).reload(),
  },
  resync: {
    usage: '<who>',
    help: 'the page says once more that it has synced',
    run: ({ standin, words }, [who]) => standin.pageOf(words.person(who)).resync(),
  },
  drop: {
    usage: '<who>',
    help: 'cuts the line; the page tries again',
    run: ({ words }, [who]) => words.person(who).devices.forEach((device) => device.drop()),
  },
  conflict: {
    usage: '<who>',
    help: 'another page took over',
    run: ({ words }, [who]) => words.person(who).devices.forEach((device) => device.tell({ type: 'conflict' })),
  },
  block: {
    usage: `<who> ${BLOCKED.join('|')}`,
    help: 'WhatsApp serves the account no longer, or again',
    run: ({ standin, words }, [who, state]) => {
      const chosen = words.oneOf(state, BLOCKED);
      standin.network.block(words.person(who), chosen === 'no' ? null : chosen);
    },
  },
  server: {
    usage: `${NAMES.join('|')} on|off`,
    help: 'acknowledgements held back; sends refused or lost; requests without an answer',
    run: ({ standin, words }, [name, state]) => {
      standin.network[SWITCHES[words.oneOf(name, NAMES)]] = words.oneOf(state, ['on', 'off']) === 'on';
    },
  },
};
