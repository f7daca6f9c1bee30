/** The indexes of the catalogues name what the folders define. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CATALOGUES, indexPathOf, renderIndex, type Catalogue } from '../../scripts/write-indexes.ts';

test.each(CATALOGUES)('$index is what the folder defines (else run `npm run generate`)', (catalogue) => {
  expect(readFileSync(indexPathOf(catalogue), 'utf8')).toBe(renderIndex(catalogue));
});

const animals = { folder: 'animals', index: 'animals.generated.ts', list: 'ANIMALS' };

/** The index of a folder with these files. */
function indexOf(files: Readonly<Record<string, string>>, more: Partial<Catalogue> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'indexes-'));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, 'animals', file)), { recursive: true });
    writeFileSync(join(root, 'animals', file), text);
  }
  return renderIndex({ ...animals, ...more }, root);
}

describe('an index', () => {
  test('imports the one constant of each file, in alphabetical order of the files', () => {
    const text = indexOf(
      {
        'cat.ts': "export const feline = animal('cat');\n",
        'bird/owl.ts': 'const wings = 2;\nexport const owl = animal(wings);\nexport function hoot() {}\n',
        'animal.ts': 'export const animal = 0;\n',
        'old.generated.ts': 'export const OLD = [];\n',
      },
      { except: ['animal'] },
    );
    expect(text).toContain(
      "import { owl } from './animals/bird/owl.ts';\nimport { feline } from './animals/cat.ts';\n\n" +
        'export const ANIMALS = [\n  owl,\n  feline,\n] as const;\n',
    );
  });

  test('has what its order names where the order says, and the rest between', () => {
    const files = Object.fromEntries(
      ['ant', 'bee', 'cat', 'dog'].map((name) => [`${name}.ts`, `export const ${name} = 1;`]),
    );
    const namesIn = (text: string): string => [...text.matchAll(/^ {2}(\w+),$/gm)].map(([, name]) => name).join(' ');
    expect(namesIn(indexOf(files, { order: { '.': ['dog'] } }))).toBe('dog ant bee cat');
    expect(namesIn(indexOf(files, { order: { '.': ['cat', '*', 'ant'] } }))).toBe('cat bee dog ant');
    expect(() => indexOf(files, { order: { '.': ['cow'] } })).toThrow('names cow, which does not exist');
  });

  test('is not written if the catalogue names a folder or a file that does not exist', () => {
    const files = { 'cat.ts': 'export const cat = 1;', 'bird/owl.ts': 'export const owl = 1;' };
    expect(() => indexOf(files, { order: { birds: ['owl'] } })).toThrow('animals/birds, which does not exist');
    // A file has no order.
    expect(() => indexOf(files, { order: { 'cat.ts': [] } })).toThrow('animals/cat.ts, which does not exist');
    expect(() => indexOf(files, { except: ['animal'] })).toThrow('animals/animal.ts, which does not exist');
    expect(() => indexOf(files, { except: ['bird'] })).toThrow('animals/bird.ts, which does not exist');
    expect(indexOf(files, { order: { bird: ['owl'] }, except: ['cat'] })).toContain('[\n  owl,\n]');
  });

  test('is not written if a file and a folder have the same name', () => {
    const files = { 'bird.ts': 'export const bird = 1;', 'bird/owl.ts': 'export const owl = 1;' };
    expect(() => indexOf(files)).toThrow('animals/bird.ts and the folder animals/bird have the same name');
    expect(() => indexOf(files, { except: ['bird'] })).toThrow('have the same name');
  });

  test('is not written if a file defines nothing or two things, or a name comes twice', () => {
    expect(() => indexOf({ 'cat.ts': 'const cat = 1;' })).toThrow('exports 0 constants');
    expect(() => indexOf({ 'cat.ts': 'export const cat = 1;\nexport const dog = 1;' })).toThrow('exports 2 constants');
    expect(() => indexOf({ 'a/cat.ts': 'export const cat = 1;', 'b/cat.ts': 'export const cat = 1;' })).toThrow(
      'two files export cat',
    );
  });
});
