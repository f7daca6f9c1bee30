import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { Check } from 'typebox/value';
import { renderEventDocs } from '../../../scripts/event-docs.ts';
import { definitionOf, EVENT_CATALOGUE, EVENT_TYPES, type EventType } from '../../../bridge/src/contract/events.ts';
import { SANDBOX_CAPABILITIES } from '../../../bridge/src/engine/sandbox/sandbox-engine.ts';
import { WEBJS_CAPABILITIES } from '../../../bridge/src/engine/webjs/webjs-engine.ts';
import { MessageData } from '../../../bridge/src/contract/message-data.ts';

const FOLDER = fileURLToPath(new URL('../../../bridge/src/contract/events', import.meta.url));

interface ObjectSchema {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
  readonly anyOf?: readonly ObjectSchema[];
}
/** The data of a type; one schema for each kind of message. */
const schemasOf = (type: EventType): readonly ObjectSchema[] => {
  const data = EVENT_CATALOGUE[type].data as unknown as ObjectSchema;
  return data.anyOf ?? [data];
};

/** `session.state_changed` → `session/state-changed.ts`. */
const fileOf = (type: EventType): string => `${type.replace('.', '/').replaceAll('_', '-')}.ts`;

describe('the event catalogue', () => {
  test.each(EVENT_TYPES.map((type) => [type]))('defines %s in the file of its name', (type) => {
    expect(readFileSync(join(FOLDER, fileOf(type)), 'utf8')).toContain(`type: '${type}'`);
  });

  test.each(EVENT_TYPES.map((type) => [type]))('%s is described by a sentence and shown by an example', (type) => {
    const { description, data, example } = EVENT_CATALOGUE[type];
    expect(description).toMatch(/^[A-Z].*\.$/);
    expect(Check(data, example)).toBe(true);
  });

  test('is what the docs say (else run `npm run generate`)', () => {
    expect(readFileSync(join(FOLDER, '../../../docs/events.md'), 'utf8')).toBe(renderEventDocs());
  });

  test.each(EVENT_TYPES.map((type) => [type]))('%s is in the docs with who can report it', (type) => {
    const page = readFileSync(join(FOLDER, '../../../docs/events.md'), 'utf8');
    const [row, ...more] = page.split('\n').filter((line) => line.startsWith(`| \`${type}\` |`));
    expect(more).toEqual([]);
    const said = /\| (yes|no) \| (yes|no) \|$/.exec(row!)?.slice(1);
    const able = [WEBJS_CAPABILITIES, SANDBOX_CAPABILITIES].map(({ events }) =>
      (events as readonly string[]).includes(type) ? 'yes' : 'no',
    );
    expect(said).toEqual(EVENT_CATALOGUE[type].reportedBy === 'bridge' ? undefined : able);
  });

  test.each(EVENT_TYPES.map((type) => [type]))('%s refuses data that it does not define', (type) => {
    expect(Check(EVENT_CATALOGUE[type].data, { ...EVENT_CATALOGUE[type].example, unknown: 1 })).toBe(false);
  });

  test.each(EVENT_TYPES.map((type) => [type]))('%s names fields that its data has', (type) => {
    const { about, data }: (typeof EVENT_CATALOGUE)[EventType] = EVENT_CATALOGUE[type];
    if (about.kind !== 'message') return expect(['chat', 'session', 'bridge']).toContain(about.kind);
    for (const { properties } of schemasOf(type)) {
      expect(properties).toHaveProperty(about.id);
      if (about.isFromOutbox) expect(properties).toHaveProperty('outboxId');
    }
    // Its medium is fetched, which takes the fields of a message.
    expect(about.isNew).toBe((data as object) === MessageData);
  });

  test.each(EVENT_TYPES.map((type) => [type]))('%s has an identity that tells its facts apart', (type) => {
    const { about, identity, movesOutbox } = definitionOf(type);
    if (identity.by === 'message') expect(about.kind).toBe('message');
    if (identity.by === 'fields') {
      expect(identity.fields.length).toBeGreaterThan(0);
      // A missing field leaves no gap in the id: if another came behind it, two facts could have one id.
      for (const { properties, required } of schemasOf(type)) {
        const optional = identity.fields
          .slice(0, -1)
          .filter((field) => field in properties && !required.includes(field));
        expect(optional).toEqual([]);
      }
    }
    if (movesOutbox !== null) expect(about).toMatchObject({ kind: 'message', isFromOutbox: true });
  });
});
