/** People, groups, and how they link a page. */
import type { Commands } from './command.ts';

export const peopleCommands: Commands = {
  people: {
    usage: '',
    help: 'who is there, and who has a page linked',
    run: ({ standin: { network }, print }) => {
      for (const account of network.accounts) {
        const pages = [...account.devices].map((device) => (device.connected ? 'linked' : 'linked, offline'));
        const notes = [...pages, ...(account.hidesPhone ? ['hides the number'] : []), account.blocked ?? ''];
        print([account.name.padEnd(12), `+${account.phone}`, account.lid, ...notes.filter(Boolean)].join('  '));
      }
      for (const { name, id, members } of network.groups.all)
        print(`${name.padEnd(12)} ${id}: ${members.map((member) => member.name).join(', ')}`);
    },
  },
  person: {
    usage: '<phone> <name>',
    help: 'adds a person; digits only',
    run: ({ standin, words }, [phone = '', ...name]) =>
      void standin.network.addAccount(words.number(phone, 'the phone').toString(), words.rest(name, 'the name')),
  },
  group: {
    usage: '<name> <who> <who> …',
    help: 'adds a group',
    run: ({ standin, words }, [name = '', ...members]) =>
      void standin.network.addGroup(
        name,
        members.map((member) => words.person(member)),
      ),
  },
  join: {
    usage: '<group> <who> [by]',
    help: 'somebody joins a group, or is added',
    run: ({ standin, words }, [group, who, by]) =>
      void standin.network.groups.join(words.group(group), words.person(who), by ? words.person(by) : null),
  },
  leave: {
    usage: '<group> <who> [by]',
    help: 'somebody leaves a group, or is removed',
    run: ({ standin, words }, [group, who, by]) =>
      void standin.network.groups.leave(words.group(group), words.person(who), by ? words.person(by) : null),
  },
  rename: {
    usage: '<group> <by> <name>',
    help: 'a group gets another name',
    run: ({ standin, words }, [group, by, ...name]) =>
      void standin.network.groups.rename(words.group(group), words.person(by), words.rest(name, 'the name')),
  },
  hide: {
    usage: '<who>',
    help: 'from now on others see only the lid',
    run: ({ words }, [who]) => void (words.person(who).hidesPhone = true),
  },
  link: {
    usage: '<who>',
    help: 'scans the QR (or types the code) of the page that is waiting',
    run: ({ standin, words }, [who]) => standin.linkNewest(words.person(who)),
  },
  scan: {
    usage: '<who> <text of the QR>',
    help: 'scans this QR',
    run: ({ standin, words }, [who, ...code]) => standin.scan(words.rest(code, 'the text'), words.person(who)),
  },
  enter: {
    usage: '<who> <pairing code>',
    help: 'types this code into the phone',
    run: ({ standin, words }, [who, ...code]) => standin.enterCode(words.rest(code, 'the code'), words.person(who)),
  },
  unlink: {
    usage: '<who>',
    help: 'removes all linked devices on the phone',
    run: ({ standin, words }, [who]) => standin.network.unlink(words.person(who)),
  },
};
