import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { Check } from 'typebox/value';
import { renderEventDocs } from '../../../scripts/event-docs.ts';
import { EVENT_CATALOGUE, EVENT_TYPES, type EventType } from '../../../bridge/src/contract/events.ts';

const FOLDER = fileURLToPath(new URL('../../../bridge/src/contract/events', import.meta.url));

/** `session/state-changed.ts` → `session.state_changed`. */
const typeOfFile = (file: string): string => file.replace(/\.ts$/, '').replace('/', '.').replaceAll('-', '_');

describe('the event catalogue', () => {
  test('gathers every definition of the folder, each under the name of its file', () => {
    const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    expect(files.map(typeOfFile).sort()).toEqual([...EVENT_TYPES].sort());
    for (const file of files) {
      expect(readFileSync(join(FOLDER, file), 'utf8')).toContain(`type: '${typeOfFile(file)}'`);
    }
  });

  test.each(EVENT_TYPES.map((type) => [type]))('%s is described by a sentence and shown by an example', (type) => {
    const { description, data, example } = EVENT_CATALOGUE[type];
    expect(description).toMatch(/^[A-Z].*\.$/);
    expect(Check(data, example)).toBe(true);
  });

  test('is what the docs say (else run `node scripts/write-docs.ts`)', () => {
    expect(readFileSync(join(FOLDER, '../../../docs/events.md'), 'utf8')).toBe(renderEventDocs());
  });

  test.each(EVENT_TYPES.map((type) => [type]))('%s refuses data that it does not define', (type) => {
    expect(Check(EVENT_CATALOGUE[type].data, { ...EVENT_CATALOGUE[type].example, unknown: 1 })).toBe(false);
  });

  test.each(EVENT_TYPES.map((type) => [type]))('%s names fields that its data has', (type) => {
    const { about, data }: (typeof EVENT_CATALOGUE)[EventType] = EVENT_CATALOGUE[type];
    if (about.kind !== 'message') return expect(['chat', 'session', 'bridge']).toContain(about.kind);
    expect(data.properties).toHaveProperty(about.id);
    if (about.isFromOutbox) expect(data.properties).toHaveProperty('outboxId');
  });
});
