/** The catalogues of operations, the contract's and that of the sandbox's driver, against their files, themselves and what is served. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { Check } from 'typebox/value';
import { ERRORS } from '../../../bridge/src/contract/errors.ts';
import { roleOf } from '../../../bridge/src/contract/fields.ts';
import type { Operation } from '../../../bridge/src/contract/operation.ts';
import { OPERATIONS } from '../../../bridge/src/contract/operations/operations.ts';
import { SCOPES } from '../../../bridge/src/contract/scopes.ts';
import { DRIVER_OPERATIONS } from '../../../bridge/src/engine/sandbox/driver/driver.ts';
import { openapiDocument } from '../../../bridge/src/http/openapi-document.ts';
import { version } from '../../../bridge/src/version.ts';

const folder = new URL('../../../bridge/src/contract/operations/', import.meta.url);
const driverFolder = new URL('../../../bridge/src/engine/sandbox/driver/', import.meta.url);
const definitions: readonly Operation[] = [...OPERATIONS, ...DRIVER_OPERATIONS];
const cases = definitions.map((operation) => [operation.id, operation] as const);
const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const routeOf = ({ method, path }: Operation['http']): string => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`;
const duplicates = (values: readonly string[]): readonly string[] =>
  values.filter((value, index) => values.indexOf(value) !== index);

describe('the catalogue', () => {
  test.each(OPERATIONS.map(({ id }) => [id]))('defines %s in the file of its name', (id) => {
    expect(readFileSync(new URL(`${kebab(id).replace('.', '/')}.ts`, folder), 'utf8')).toContain(`id: '${id}'`);
  });

  test.each(DRIVER_OPERATIONS.map(({ id }) => [id]))('defines %s in the file of its name', (id) => {
    const file = new URL(`${kebab(id).replace('sandbox.', '')}.ts`, driverFolder);
    expect(readFileSync(file, 'utf8')).toContain(`id: '${id}'`);
  });

  test('has no id, name or route twice', () => {
    expect(duplicates(definitions.map(({ id }) => id))).toEqual([]);
    expect(duplicates(definitions.map(({ operationId }) => operationId))).toEqual([]);
    const routes = definitions.map(({ http }) => `${routeOf(http)} ${http.type ?? ''}`);
    expect(duplicates(routes)).toEqual([]);
  });

  test('has the same scope, status and carrier for all operations of a method and path', () => {
    for (const { id, http, via, scope } of definitions.filter((each) => each.http.shared !== undefined))
      for (const other of definitions.filter((each) => routeOf(each.http) === routeOf(http)))
        expect({ id, ...other.http, scope: other.scope, carrier: Object.keys(other.via)[0] }).toEqual({
          id,
          ...http,
          type: expect.any(String),
          scope,
          carrier: Object.keys(via)[0],
        });
  });

  test('asks the outbox only for what has one recipient and may expire', () => {
    for (const { id, via, input } of definitions) {
      const roles = Object.values(input.properties).map(roleOf);
      const count = (role: string): number => roles.filter((each) => each === role).length;
      if (via === 'bridge') continue;
      expect({ id, session: count('session'), recipient: count('recipient') }).toEqual({
        id,
        session: 1,
        recipient: 1,
      });
      expect({ id, expiry: count('expiry') }).toEqual({ id, expiry: 'outbox' in via ? 1 : 0 });
    }
  });
});

describe.each(cases)('%s', (_id, operation) => {
  test('has examples that its input allows', () => {
    expect(operation.examples.length).toBeGreaterThan(0);
    for (const example of operation.examples)
      expect({ example, fits: Check(operation.input, example) }).toEqual({ example, fits: true });
  });

  test('names a scope and errors that exist', () => {
    expect(['any', ...Object.keys(SCOPES)]).toContain(operation.scope);
    for (const code of operation.errors) expect(Object.keys(ERRORS)).toContain(code);
    expect(duplicates(operation.errors)).toEqual([]);
  });

  test('has in its path only fields that it requires', () => {
    const inPath = [...operation.http.path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field!);
    expect(operation.input.required ?? []).toEqual(expect.arrayContaining(inPath));
  });
});

describe.each(cases.filter(([, { http }]) => http.body !== undefined))('the named body of %s', (_id, operation) => {
  test('has the fields that are not in the path', () => {
    const { path, body } = operation.http;
    const fields = Object.entries(operation.input.properties).filter(([name]) => !path.includes(`{${name}}`));
    expect(body!.properties).toEqual(Object.fromEntries(fields));
    const required = (operation.input.required ?? []).filter((name) => fields.some(([field]) => field === name));
    expect(body!.required ?? []).toEqual(required);
  });
});

interface Served {
  readonly operationId: string;
  readonly 'x-wabridge-scope': string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, unknown>>;
}

const { paths } = (await openapiDocument(version)) as { paths: Record<string, Record<string, Served>> };

describe('what is served', () => {
  test.each(cases)('%s has its route, with its scope, its fields and its status', (_id, operation) => {
    const { method, path, status } = operation.http;
    const served = paths[`/v1${path}`]?.[method.toLowerCase()];
    const { operationId } = operation.http.shared ?? operation;
    expect(served).toMatchObject({ operationId, 'x-wabridge-scope': operation.scope });
    expect(Object.keys(served!.responses)).toEqual([String(status), 'default']);
    const fields = Object.keys(operation.input.properties);
    const parameters = (served!.parameters ?? []).map(({ name }) => name);
    const inUrl = parameters.filter((name) => fields.includes(name));
    const isOutbox = typeof operation.via === 'object' && 'outbox' in operation.via;
    const others = isOutbox ? ['firstAnswer', 'waitMs', 'idempotency-key'] : [];
    expect(parameters.sort()).toEqual([...inUrl, ...others].sort());
    expect(served!.requestBody !== undefined).toBe(inUrl.length < fields.length);
  });
});
