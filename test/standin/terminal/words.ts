/** Turns what is typed into people, groups and messages. */
import { type Account, Group } from '../account.ts';
import type { Standin } from '../server.ts';

/** Something that was typed cannot be done; the message says why. */
export class Mistyped extends Error {}

/** Who and what a word on the command line means. Messages are named by the number under which they were shown. */
export class Words {
  readonly #standin: Standin;
  /** Stanza ids by number, from 1 on. */
  readonly #stanzas: string[] = [];

  constructor(standin: Standin) {
    this.#standin = standin;
  }

  /** A name, the whole number, or its last digits (at least two). */
  person(word = ''): Account {
    const found = this.#standin.network.accounts.filter(
      (account) =>
        account.name.toLowerCase() === word.toLowerCase() ||
        account.phone === word.replace(/^\+/, '') ||
        (/^\d{2,}$/.test(word) && account.phone.endsWith(word)),
    );
    if (found.length > 1) throw new Mistyped(`"${word}" may be ${found.map(({ name }) => name).join(' or ')}`);
    if (!found[0]) throw new Mistyped(word === '' ? 'who?' : `nobody is called "${word}"; "people" lists all`);
    return found[0];
  }

  personOrGroup(word = ''): Account | Group {
    const groups = this.#standin.network.groups.all.filter(({ name }) => name.toLowerCase() === word.toLowerCase());
    return groups[0] ?? this.person(word);
  }

  group(word = ''): Group {
    const found = this.personOrGroup(word);
    if (!(found instanceof Group)) throw new Mistyped(`"${word}" is no group`);
    return found;
  }

  /** The stanza id of a message that was shown, such as `#3`. */
  message(word = ''): string {
    const stanza = this.#stanzas[Number(word.replace('#', '')) - 1];
    if (stanza === undefined) throw new Mistyped(`there is no message ${word}; messages have numbers, such as #3`);
    return stanza;
  }

  /** The number of a message, given at the first mention. */
  numberOf(stanza: string): string {
    const place = this.#stanzas.indexOf(stanza);
    return `#${place >= 0 ? place + 1 : this.#stanzas.push(stanza)}`;
  }

  number(word: string | undefined, what: string): number {
    const value = Number(word);
    if (word === undefined || !Number.isFinite(value)) throw new Mistyped(`${what} must be a number`);
    return value;
  }

  oneOf<Choice extends string>(word: string | undefined, choices: readonly Choice[]): Choice {
    const found = choices.find((choice) => choice === word);
    if (!found) throw new Mistyped(`one of: ${choices.join(', ')}`);
    return found;
  }

  rest(words: readonly string[], what: string): string {
    if (words.length === 0) throw new Mistyped(`${what} is missing`);
    return words.join(' ');
  }
}

/** Splits a line at spaces; quotes keep a name of several words together. */
export const split = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
