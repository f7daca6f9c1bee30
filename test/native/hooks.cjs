'use strict';
/**
 * How the modules of a test file are found and loaded (see runtime.cjs). The address of a file below test/ ends with the
 * number of the run, so that Node loads it for each test file; all other modules are loaded once.
 */
const { readFileSync } = require('node:fs');
const { registerHooks, stripTypeScriptTypes } = require('node:module');
const path = require('node:path');
const { fileURLToPath, pathToFileURL } = require('node:url');

/** Where the runtime leaves what `@jest/globals` exports; globals.mjs has this name, too. */
const GLOBALS = Symbol.for('wabridge.jest-globals');

const root = path.resolve(__dirname, '..', '..');
const below = (folder) => `${pathToFileURL(path.join(root, folder)).href}/`;
const tests = below('test');
const pack = [below('nodes'), below('credentials')];
const globals = pathToFileURL(path.join(__dirname, 'globals.mjs')).href;

const runOf = (url) => /\?run=\d+$/.exec(url ?? '')?.[0] ?? '';

/** JavaScript of files below test/, by path. */
const stripped = new Map();
function javascript(file) {
  let source = stripped.get(file);
  if (source === undefined) {
    source = stripTypeScriptTypes(readFileSync(file, 'utf8'));
    stripped.set(file, source);
  }
  return source;
}

registerHooks({
  resolve(specifier, context, next) {
    const parent = context.parentURL ?? '';
    const run = runOf(parent);
    if (specifier === '@jest/globals' && run !== '')
      return { url: globals + run, format: 'module', shortCircuit: true };
    // The pack is CommonJS, which names no extensions.
    if (
      specifier.startsWith('.') &&
      pack.some((folder) => parent.startsWith(folder)) &&
      !/\.(ts|json)$/.test(specifier)
    )
      return next(`${specifier}.ts`, context);
    const found = next(specifier, context);
    return run !== '' && found.url.startsWith(tests) && found.url.endsWith('.ts')
      ? { ...found, url: found.url + run }
      : found;
  },
  load(url, context, next) {
    if (runOf(url) === '' || !url.includes('.ts?')) return next(url, context);
    return { format: 'module', source: javascript(fileURLToPath(url)), shortCircuit: true };
  },
});

/** Takes the runs out of an error's stack, so that jest finds the files in it. */
function withoutRun(error) {
  if (typeof error?.stack === 'string')
    error.stack = error.stack.replace(/file:\/\/(\/[^\s?]*)\?run=\d+/g, (_, pathname) => decodeURI(pathname));
  return error;
}

module.exports = { GLOBALS, withoutRun };
