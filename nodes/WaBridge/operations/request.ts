/** The HTTP request of an operation. How its fields are split is a rule of the catalogue (`contract/operation.ts`). */
import type { OperationEntry } from '../../shared/operation-table';
import type { BridgeRequest } from '../../shared/transport/request';

/** Values of fields by their name in the catalogue. A field that is left out is not among them. */
export type Input = Readonly<Record<string, unknown>>;

type Part = 'path' | 'query' | 'body';

/** In which part of the request a field travels. */
export function partOf({ method, path }: OperationEntry, field: string): Part {
  if (path.includes(`{${field}}`)) return 'path';
  return method === 'POST' || method === 'PUT' ? 'body' : 'query';
}

/** @param input must have every field of the path */
export function requestOf(
  entry: OperationEntry,
  input: Input,
): Pick<BridgeRequest, 'method' | 'path' | 'query' | 'json'> {
  const { method, path, type, fields } = entry;
  const given = (part: Part) => Object.entries(input).filter(([name]) => partOf(entry, name) === part);
  const hasBody = type !== undefined || Object.keys(fields).some((name) => partOf(entry, name) === 'body');
  return {
    method,
    path: given('path').reduce(
      (made, [name, value]) => made.replace(`{${name}}`, encodeURIComponent(String(value))),
      path,
    ),
    query: Object.fromEntries(given('query').map(([name, value]) => [name, String(value)])),
    ...(hasBody ? { json: { ...Object.fromEntries(given('body')), ...(type === undefined ? {} : { type }) } } : {}),
  };
}
