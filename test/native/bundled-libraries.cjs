'use strict';
/**
 * Loaded before everything else by the processes of the tests, and by their threads: leads imports of libraries of many
 * small modules to the files in which `scripts/bundle-libraries.ts` has put them together.
 */
const { readFileSync } = require('node:fs');
const { registerHooks } = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const index = path.join(__dirname, '..', '..', '.cache', 'libraries', 'index.json');
const urls = new Map(
  Object.entries(JSON.parse(readFileSync(index, 'utf8'))).map(([specifier, file]) => [
    specifier,
    pathToFileURL(file).href,
  ]),
);

registerHooks({
  resolve(specifier, context, next) {
    const url = urls.get(specifier);
    return url === undefined ? next(specifier, context) : { url, format: 'module', shortCircuit: true };
  },
});
