/** The page of operations against the catalogues, the command line and the engines. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { renderOperationDocs } from '../../scripts/operation-docs.ts';
import type { Operation } from '../../bridge/src/contract/operation.ts';
import { OPERATIONS } from '../../bridge/src/contract/operations/operations.ts';
import { DRIVER_OPERATIONS } from '../../bridge/src/engine/sandbox/driver/driver.ts';
import { SANDBOX_CAPABILITIES } from '../../bridge/src/engine/sandbox/sandbox-engine.ts';
import { WEBJS_CAPABILITIES } from '../../bridge/src/engine/webjs/webjs-engine.ts';

const page = readFileSync(new URL('../../bridge/docs/operations.md', import.meta.url), 'utf8');
const operations: readonly Operation[] = [...OPERATIONS, ...DRIVER_OPERATIONS];
const rowsOf = (id: string): readonly string[] => page.split('\n').filter((line) => line.startsWith(`| \`${id}\` |`));

describe('the page of operations', () => {
  test('is current (else run `npm run generate`)', () => {
    expect(page).toBe(renderOperationDocs());
  });

  test('has each operation once, with its route, its scope and its command or the reason to have none', () => {
    for (const { id, summary, scope, http } of operations) {
      const [row, ...more] = rowsOf(id);
      expect({ id, more }).toEqual({ id, more: [] });
      for (const part of [summary, http.method, http.path, scope]) expect(row).toContain(part);
      expect(row).not.toMatch(/undefined|\| +\|/);
    }
  });

  test('says of each engine what it can do', () => {
    for (const { id, via } of OPERATIONS as readonly Operation[]) {
      const said = /\| (yes|no) \| (yes|no) \|$/.exec(rowsOf(id)[0]!)?.slice(1);
      const known = [WEBJS_CAPABILITIES, SANDBOX_CAPABILITIES].map(({ operations: able }) =>
        (able as readonly string[]).includes(id) ? 'yes' : 'no',
      );
      expect({ id, said }).toEqual({ id, said: via === 'bridge' ? undefined : known });
    }
  });
});
