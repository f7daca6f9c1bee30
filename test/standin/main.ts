/**
 * The stand-in alone: `node test/standin/main.ts [port] [--build=$1]`. Two accounts are made; commands come from the
 * terminal, one per line.
 */
import { createInterface } from 'node:readline';
import type { Account } from './account.ts';
import { BUILDS } from './page-settings.ts';
import { Standin } from './server.ts';

const HELP = `  account <phone> <name>      adds a person
  scan <code> <phone>         a person scans the code of a QR
  say <from> <to> <text>      a person writes to another, on the phone
  read <phone>                a person reads everything
  inbox <phone>               what a person got
  unlink <phone>              a person removes the linked devices
  drop <phone> | reload <phone>   cuts the line, or reloads the page
  quit`;

const standin = new Standin();
if (process.argv.includes('--build=$1')) Object.assign(standin.page, { build: '$1', version: BUILDS.$1 });
await standin.start(Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? 0));
const { network } = standin;
network.addAccount('4915110000001', 'Ada');
network.addAccount('4915110000002', 'Bob');

console.log(`The stand-in for WhatsApp Web listens on 127.0.0.1:${standin.port} (page with ${standin.page.build}).`);
console.log('Start a browser with these flags, one argument per line, and open https://web.whatsapp.com/ :\n');
for (const flag of standin.browserArgs) console.log(flag);
console.log(`\nPeople: Ada 4915110000001, Bob 4915110000002. Commands:\n${HELP}`);

network.events.on('arrived', (account: Account, message) =>
  console.log(`${account.name} got from ${message.from}: ${message.body ?? message.caption ?? message.type}`),
);
network.events.on('linked', (account: Account) => console.log(`${account.name} has linked a device`));

const person = (phone = ''): Account => {
  const found = network.find(phone);
  if (!found) throw new Error(`nobody has the number ${phone}`);
  return found;
};
const commands: Readonly<Record<string, (...words: string[]) => void>> = {
  account: (phone = '', ...name) => void network.addAccount(phone, name.join(' ')),
  scan: (code = '', phone) => standin.scan(code, person(phone)),
  say: (from, to, ...text) => void network.say(person(from), person(to), text.join(' ')),
  read: (phone) => network.read(person(phone)),
  inbox: (phone) => console.log(JSON.stringify(person(phone).inbox, null, 2)),
  unlink: (phone) => network.unlink(person(phone)),
  drop: (phone) => person(phone).devices.forEach((device) => device.drop()),
  reload: (phone) => network.reload(person(phone)),
};

const input = createInterface({ input: process.stdin });
process.once('SIGINT', () => input.close());
process.once('SIGTERM', () => input.close());
for await (const line of input) {
  const [name = '', ...words] = line.trim().split(/\s+/);
  if (name === 'quit') break;
  try {
    if (name in commands) commands[name]?.(...words);
    else if (name !== '') console.log(HELP);
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error));
  }
}
await standin.stop();
