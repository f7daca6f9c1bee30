/** The folders that the architecture names are there, and no others. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(join(ROOT, 'bridge/docs/architecture.md'), 'utf8');
/** Of each table of rooms: the folder that it is about, and its rows. */
const tables = [...text.matchAll(/^\| folder \(`([^`]+)`\).*\n\|[- |]+\n((?:\|.*\n)+)/gm)].map(
  ([, folder = '', rows = '']) => ({
    folder,
    rooms: [...rows.matchAll(/^\| `([^`]+)\/` +\| `([^`]+)`/gm)].map(([, room = '', first = '']) => ({ room, first })),
  }),
);

test('the tables are found', () => {
  expect(tables.map(({ folder }) => folder)).toEqual(['bridge/src/', 'bridge/src/engine/webjs/']);
});

test.each(tables)(
  '$folder has the rooms that its table names, each with the file that is read first',
  ({ folder, rooms }) => {
    const folders = readdirSync(join(ROOT, folder), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(rooms.map(({ room }) => room).sort()).toEqual(folders.map(({ name }) => name).sort());
    expect(rooms.filter(({ room, first }) => !existsSync(join(ROOT, folder, room, first)))).toEqual([]);
  },
);
