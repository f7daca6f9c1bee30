/**
 * HTTP Message Signatures (RFC 9421): reading the two header fields and building the bytes that are signed. What
 * wabridge asks of a signature beyond the RFC is in `policy.ts`.
 */
import {
  isInnerList,
  parseDictionary,
  serializeInnerList,
  serializeItem,
  type BareItem,
  type Dictionary,
  type InnerList,
  type Item,
} from 'structured-headers';
import { WabError } from '../contract/errors.ts';

/** Parameters of a signature in the order in which they are written. Times are seconds since the epoch. */
export interface SignatureParameters {
  readonly created?: number;
  readonly expires?: number;
  readonly nonce?: string;
  readonly keyid?: string;
  readonly alg?: string;
  readonly tag?: string;
}

export interface ParsedSignature {
  /** Names of the covered components, without their quotes. */
  readonly components: readonly string[];
  readonly parameters: SignatureParameters;
  readonly signature: Buffer;
  /** The value of `@signature-params`, serialised again from what was parsed. */
  readonly serialized: string;
}

const STRINGS: readonly string[] = ['nonce', 'keyid', 'alg', 'tag'];
const INTEGERS: readonly string[] = ['created', 'expires'];
const malformed = (reason: string, cause?: unknown): WabError =>
  new WabError('WAB_SIGNATURE_MALFORMED', { reason }, { cause });

/**
 * The value of `@signature-params`, and of a member of Signature-Input.
 *
 * @throws Error if a component or parameter cannot be written as a structured field
 */
export function serializeSignatureParams(components: readonly string[], parameters: SignatureParameters): string {
  const entries = Object.entries(parameters).filter((entry): entry is [string, BareItem] => entry[1] !== undefined);
  return serializeInnerList([components.map((name): Item => [name, new Map<string, BareItem>()]), new Map(entries)]);
}

/**
 * The signature base (RFC 9421, section 2.5): one line per component, `@signature-params` last.
 *
 * @param valueOf the value of a component by its name; undefined if the message has none
 * @throws WabError WAB_SIGNATURE_MALFORMED if a component has no value or one that is not visible ASCII
 */
export function signatureBase(
  components: readonly string[],
  valueOf: (name: string) => string | undefined,
  serialized: string,
): Buffer {
  const lines = components.map((name) => {
    const value = valueOf(name);
    if (value === undefined) throw malformed(`it covers ${name}, which is missing from the request`);
    // A line break in a value would let one component forge the next.
    if (!/^[\x20-\x7e]*$/.test(value)) throw malformed(`the value of ${name} has characters outside printable ASCII`);
    return `"${name}": ${value}\n`;
  });
  return Buffer.from(`${lines.join('')}"@signature-params": ${serialized}`, 'ascii');
}

/**
 * Reads Signature-Input and Signature. Exactly one signature is accepted: with several, client and bridge could differ
 * about which one counts.
 *
 * @throws WabError WAB_SIGNATURE_MALFORMED
 */
export function parseSignature(signatureInput: string, signature: string): ParsedSignature {
  const [label, member] = onlyMember('Signature-Input', signatureInput);
  const [signatureLabel, bytes] = onlyMember('Signature', signature);
  if (signatureLabel !== label) throw malformed(`Signature-Input is labelled ${label}, Signature ${signatureLabel}`);
  if (!isInnerList(member)) throw malformed('Signature-Input is not a list of components');
  if (isInnerList(bytes) || !(bytes[0] instanceof ArrayBuffer))
    throw malformed('Signature is not a byte sequence (:base64:)');
  return {
    components: componentsOf(member),
    parameters: parametersOf(member),
    signature: Buffer.from(bytes[0]),
    serialized: serializeInnerList(member),
  };
}

function onlyMember(field: string, value: string) {
  let dictionary: Dictionary;
  try {
    dictionary = parseDictionary(value);
  } catch (error) {
    throw malformed(`${field} is not a structured field`, error);
  }
  const [first] = dictionary;
  if (first === undefined) throw malformed(`${field} is empty`);
  // A repeated label would silently win over the earlier one, and it would not show in the size.
  if (dictionary.size > 1 || topLevelCommas(value) > 0) throw malformed(`${field} contains more than one signature`);
  return first;
}

/** Commas outside strings; neither a list of components nor base64 has any. */
const topLevelCommas = (value: string): number => value.replace(/"(?:[^"\\]|\\.)*"/g, '').split(',').length - 1;

function componentsOf([items]: InnerList): readonly string[] {
  const names = items.map(([value, parameters]) => {
    if (typeof value !== 'string') throw malformed('a covered component is not a string');
    if (parameters.size > 0)
      throw malformed(`the component ${serializeItem([value, parameters])} has parameters, which are not supported`);
    return value;
  });
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw malformed(`it covers ${repeated} twice`);
  return names;
}

function parametersOf([, parameters]: InnerList): SignatureParameters {
  for (const [name, value] of parameters) {
    if (STRINGS.includes(name) ? typeof value === 'string' : INTEGERS.includes(name) && Number.isInteger(value))
      continue;
    throw malformed(
      STRINGS.includes(name) || INTEGERS.includes(name)
        ? `the parameter ${name} has the wrong type`
        : `the parameter ${name} is unknown`,
    );
  }
  return Object.fromEntries(parameters);
}
