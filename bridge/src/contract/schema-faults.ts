/** What a value does not match in a schema, in words for its author. Names the fields and never repeats a value. */

/** As TypeBox reports it. */
export interface Fault {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

/** @param part what the value is, as `body` */
export function explainFaults(part: string, faults: readonly Fault[]): string {
  const texts = faults
    .filter((fault) => fault.keyword !== 'boolean' && fault.keyword !== 'anyOf')
    .map((fault) => explainOne(part, fault));
  return [...new Set(texts)].slice(0, 5).join('; ') || `the ${part} does not match`;
}

function explainOne(part: string, fault: Fault): string {
  const params = fault.params as Readonly<Record<string, unknown>>;
  const place =
    fault.instancePath === '' ? `the ${part}` : `${part} ${fault.instancePath.slice(1).replaceAll('/', '.')}`;
  switch (fault.keyword) {
    case 'additionalProperties':
      return `${place} has the unknown field ${list(params['additionalProperties'])}`;
    case 'required':
      return `${place} is missing ${list(params['requiredProperties'])}`;
    case 'enum':
      return `${place} must be one of ${list(params['allowedValues'])}`;
    case 'const':
      return `${place} must be ${String(params['allowedValue'])}`;
    default:
      return `${place} ${fault.message}`;
  }
}

const list = (names: unknown): string =>
  Array.isArray(names)
    ? names
        .map((name) => String(name).slice(0, 60))
        .slice(0, 10)
        .join(', ')
    : String(names);
