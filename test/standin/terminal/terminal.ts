/** The stand-in on a command line: reads commands, prints what happens. */
import { clearLine, createInterface } from 'node:readline';
import type { Standin } from '../server.ts';
import type { Command, Context } from './command.ts';
import { messageCommands } from './message-commands.ts';
import { narrate } from './narrator.ts';
import { peopleCommands } from './people-commands.ts';
import { troubleCommands } from './trouble-commands.ts';
import { Mistyped, split, Words } from './words.ts';

const GROUPS = [
  ['People', peopleCommands],
  ['Messages', messageCommands],
  ['Trouble', troubleCommands],
] as const;
const WIDTH = 49;
const COMMANDS = new Map<string, Command>(GROUPS.flatMap(([, commands]) => Object.entries(commands)));

/** All commands, or those of one line that were asked for. */
export function help(name?: string): string {
  const found = name === undefined ? undefined : COMMANDS.get(name);
  if (name !== undefined && found) return `${name} ${found.usage}\n  ${found.help}`;
  const lines = GROUPS.flatMap(([title, commands]) => [
    '',
    `${title}:`,
    ...Object.entries(commands).map(([each, command]) => listed(`${each} ${command.usage}`, command.help)),
  ]);
  const words =
    'People and groups are named by name or number ("All of us" in quotes), messages by the number that is shown: #3.';
  return [...lines, '', words, '"help <command>" explains one, "quit" ends.'].join('\n');
}

/** A command and its explanation, on a line of its own where the command is long. */
const listed = (command: string, explanation: string): string =>
  `  ${command.padEnd(WIDTH)}${command.length < WIDTH ? '' : `\n  ${' '.repeat(WIDTH)}`}${explanation}`;

/** Works off one line. A mistake is printed and changes nothing. */
export async function execute(context: Context, line: string): Promise<void> {
  const [name = '', ...words] = split(line);
  if (name === '') return;
  if (name === 'help') return context.print(help(words[0]));
  try {
    const command = COMMANDS.get(name);
    if (!command) throw new Mistyped(`there is no command "${name}"; "help" lists all`);
    await command.run(context, words);
  } catch (error) {
    context.print(error instanceof Mistyped ? `${error.message}` : `failed: ${(error as Error).message}`);
  }
}

/** Reads commands until `quit`, the end of a terminal's input, or a signal. */
export async function converse(standin: Standin): Promise<void> {
  const words = new Words(standin);
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const input = createInterface({
    input: process.stdin,
    ...(isTerminal ? { output: process.stdout } : {}),
    prompt: '> ',
    terminal: isTerminal,
  });
  const print = (text: string): void => {
    const time = new Date().toTimeString().slice(0, 8);
    const stamped = text.includes('\n') ? text : `${time}  ${text}`;
    // What is being typed goes below what happened.
    if (isTerminal) clearLine(process.stdout, 0);
    process.stdout.write(isTerminal ? `\r${stamped}\n` : `${stamped}\n`);
    if (isTerminal) input.prompt(true);
  };
  narrate(standin.network, words, print);
  const context: Context = { standin, words, print };
  let stop: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  input.on('SIGINT', stop);
  if (isTerminal) input.prompt();
  void (async () => {
    for await (const line of input) {
      if (line.trim() === 'quit') return stop();
      await execute(context, line);
      if (isTerminal) input.prompt();
    }
    // Started without a terminal, it stays until it is told to stop.
    if (isTerminal) stop();
  })();
  await stopped;
  input.close();
}
