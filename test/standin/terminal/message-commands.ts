/** What people write and do on their phones. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { contactCard, location, poll } from '../contents.ts';
import type { Commands } from './command.ts';
import { Mistyped } from './words.ts';

const TYPES: Readonly<Record<string, readonly [type: string, mimetype: string]>> = {
  jpg: ['image', 'image/jpeg'],
  jpeg: ['image', 'image/jpeg'],
  png: ['image', 'image/png'],
  webp: ['sticker', 'image/webp'],
  mp4: ['video', 'video/mp4'],
  ogg: ['ptt', 'audio/ogg; codecs=opus'],
  mp3: ['audio', 'audio/mpeg'],
  pdf: ['document', 'application/pdf'],
};

export const messageCommands: Commands = {
  say: {
    usage: '<from> <to> <text>',
    help: 'a text, to a person or a group',
    run: ({ standin, words }, [from, to, ...text]) =>
      void standin.network.say(words.person(from), words.personOrGroup(to), words.rest(text, 'the text')),
  },
  file: {
    usage: '<from> <to> <path> [caption]',
    help: 'a picture, video, voice message or document of this machine',
    run: ({ standin, words }, [from, to, path = '', ...caption]) => {
      const name = basename(path);
      const [type, mimetype] = TYPES[name.split('.').at(-1) ?? ''] ?? ['document', 'application/octet-stream'];
      const media = standin.storeMedia(readFileSync(path), mimetype, type === 'document' ? name : undefined);
      standin.network.say(words.person(from), words.personOrGroup(to), {
        type,
        media,
        caption: caption.length > 0 ? caption.join(' ') : undefined,
      });
    },
  },
  place: {
    usage: '<from> <to> <latitude> <longitude> [name]',
    help: 'a location',
    run: ({ standin, words }, [from, to, latitude, longitude, ...name]) =>
      void standin.network.say(
        words.person(from),
        words.personOrGroup(to),
        location(
          words.number(latitude, 'the latitude'),
          words.number(longitude, 'the longitude'),
          name.join(' ') || undefined,
        ),
      ),
  },
  card: {
    usage: '<from> <to> <whose>',
    help: 'the contact card of a person',
    run: ({ standin, words }, [from, to, whose]) => {
      const { name, phone } = words.person(whose);
      standin.network.say(words.person(from), words.personOrGroup(to), contactCard(name, phone));
    },
  },
  poll: {
    usage: '<from> <to> <question> | <answer> | <answer> …',
    help: 'a poll',
    run: ({ standin, words }, [from, to, ...rest]) => {
      const [question = '', ...answers] = rest
        .join(' ')
        .split('|')
        .map((part) => part.trim());
      if (answers.length < 2) throw new Mistyped('a poll has at least two answers, with | in between');
      standin.network.say(words.person(from), words.personOrGroup(to), poll(question, answers));
    },
  },
  late: {
    usage: '<from> <to> <text>',
    help: 'a text that linked devices cannot decrypt yet',
    run: ({ standin, words }, [from, to, ...text]) =>
      void standin.network.sayUndecrypted(words.person(from), words.personOrGroup(to), words.rest(text, 'the text')),
  },
  decrypt: {
    usage: '<message>',
    help: 'now they can',
    run: ({ standin, words }, [message]) => standin.network.decrypt(words.message(message)),
  },
  react: {
    usage: '<who> <message> [emoji]',
    help: 'a reaction; none takes it back',
    run: ({ standin, words }, [who, message, emoji = '']) =>
      standin.network.react(words.person(who), words.message(message), emoji),
  },
  edit: {
    usage: '<who> <message> <text>',
    help: 'another text',
    run: ({ standin, words }, [who, message, ...text]) =>
      standin.network.edit(words.person(who), words.message(message), words.rest(text, 'the text')),
  },
  revoke: {
    usage: '<who> <message>',
    help: 'takes a message back for everyone',
    run: ({ standin, words }, [who, message]) => standin.network.revoke(words.person(who), words.message(message)),
  },
  vote: {
    usage: '<who> <poll> <number of the answer> …',
    help: 'votes; the first answer is 1',
    run: ({ standin, words }, [who, message, ...answers]) =>
      standin.network.vote(
        words.person(who),
        words.message(message),
        answers.map((answer) => words.number(answer, 'the answer') - 1),
      ),
  },
  call: {
    usage: '<from> <to>',
    help: 'rings',
    run: ({ standin, words }, [from, to]) => void standin.network.call(words.person(from), words.person(to)),
  },
  read: {
    usage: '<who>',
    help: 'reads everything',
    run: ({ standin, words }, [who]) => standin.network.read(words.person(who)),
  },
  play: {
    usage: '<who> <message>',
    help: 'listens to a voice message',
    run: ({ standin, words }, [who, message]) => standin.network.play(words.person(who), words.message(message)),
  },
  inbox: {
    usage: '<who>',
    help: 'what a person got, as JSON',
    run: ({ words, print }, [who]) => print(JSON.stringify(words.person(who).inbox, null, 2)),
  },
};
