import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { openapiDocument } from '../../../bridge/src/http/openapi-document.ts';
import { SCOPES } from '../../../bridge/src/contract/scopes.ts';
import { version } from '../../../bridge/src/version.ts';

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly 'x-wabridge-scope'?: string;
  readonly responses: Readonly<Record<string, unknown>>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

const document = (await openapiDocument(version)) as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe('the OpenAPI document', () => {
  test('is the one in bridge/docs (else run `npm run generate`)', () => {
    const committed: unknown = JSON.parse(
      readFileSync(new URL('../../../bridge/docs/openapi.json', import.meta.url), 'utf8'),
    );
    expect(JSON.parse(JSON.stringify(document))).toEqual(committed);
  });

  test('names every operation once, says what it does, and which scope it needs', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
    for (const { path, operation } of operations) {
      expect({ path, summary: operation.summary }).toEqual({ path, summary: expect.stringMatching(/\w/) });
      if (path === '/healthz') expect(operation.security).toEqual([]);
      else expect(['any', ...Object.keys(SCOPES)]).toContain(operation['x-wabridge-scope']);
    }
  });

  test('every reference leads somewhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name!,
    );
    expect(references.length).toBeGreaterThan(20);
    for (const name of references) expect(Object.keys(document.components.schemas)).toContain(name);
  });

  test('objects that are sent refuse unknown fields', () => {
    const loose: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { type, properties, additionalProperties } = node as Record<string, unknown>;
      if (type === 'object' && properties !== undefined && additionalProperties !== false) loose.push(path);
      for (const [name, value] of Object.entries(node)) walk(value, `${path}/${name}`);
    };
    for (const { path, method, operation } of operations)
      walk((operation as { requestBody?: unknown }).requestBody, `${method} ${path}`);
    for (const name of ['SendRequest', 'SandboxSay', 'SandboxFaults', 'SandboxContact'])
      walk(document.components.schemas[name], name);
    expect(loose).toEqual([]);
  });
});
