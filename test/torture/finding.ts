/** What a checker says against a history. */
export interface Finding {
  readonly rule:
    | 'lost send'
    | 'doubled send'
    | 'swapped sends'
    | 'uncalled-for send'
    | 'damaged file'
    | 'changed id'
    | 'lost event'
    | 'doubled event'
    | 'swapped events'
    | 'uncalled-for event'
    | 'wrong position'
    | 'repeated event'
    | 'overtaken event'
    | 'ended bridge'
    | 'unfinished run';
  /** For people: which send or event, and what is wrong with it. */
  readonly what: string;
}

/** What was seen twice or more, with how often. */
export function repeated<Value>(values: Iterable<Value>): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return new Map([...counts].filter(([, count]) => count > 1));
}
