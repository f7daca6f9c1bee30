/** The catalogues of operations, the contract's and that of the sandbox's driver, against folders, themselves and what is served. */
import { readdirSync } from 'node:fs';
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
  test('holds what is in the folder: one operation per file, whose name is its id', async () => {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.includes('/'));
    const defined = files.filter((file) => file.endsWith('.ts'));
    expect(defined.sort()).toEqual(OPERATIONS.map(({ id }) => `${kebab(id).replace('.', '/')}.ts`).sort());
    for (const file of defined) {
      const exported = Object.values((await import(new URL(file, folder).href)) as Record<string, Operation>);
      expect({ file, ids: exported.map(({ id }) => `${kebab(id).replace('.', '/')}.ts`) }).toEqual({
        file,
        ids: [file],
      });
    }
  });

  test("holds what is in the driver's folder: one operation per file, whose name is its id", async () => {
    const found: string[] = [];
    for (const file of readdirSync(driverFolder)) {
      const exported = Object.values((await import(new URL(file, driverFolder).href)) as Record<string, Operation>);
      const ids = exported.flatMap((each) => (each.operationId === undefined ? [] : [each.id]));
      for (const id of ids) expect(`${kebab(id).replace('sandbox.', '')}.ts`).toBe(file);
      found.push(...ids);
    }
    expect(found.sort()).toEqual(DRIVER_OPERATIONS.map(({ id }) => id).sort());
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
