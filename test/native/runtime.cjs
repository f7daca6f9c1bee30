'use strict';
/**
 * Runs a test file by Node's own `import` instead of jest's module system, which links every module of the bridge and of
 * its libraries again for each test file. Here a worker loads them once. The files below test/ are loaded for each test
 * file, because helpers keep state and register hooks; so are jest's own globals. Jest does the rest as ever.
 *
 * What the tests use of `jest` is here: there is no jest.mock, since Node caches modules for the whole worker.
 */
const { pathToFileURL } = require('node:url');
const { GLOBALS, withoutRun } = require('./hooks.cjs');

const TIMEOUT = Symbol.for('TEST_TIMEOUT_SYMBOL');
let runs = 0;

module.exports = class PlainRuntime {
  #environment;
  constructor(_config, environment) {
    this.#environment = environment;
  }

  setGlobalsForRuntime(globals) {
    const mocks = this.#environment.moduleMocker;
    const jest = {
      fn: (implementation) => mocks.fn(implementation),
      spyOn: (...of) => mocks.spyOn(...of),
      restoreAllMocks: () => mocks.restoreAllMocks(),
      setTimeout: (ms) => void (globalThis[TIMEOUT] = ms),
    };
    globalThis[GLOBALS] = { ...globals, jest };
  }

  async unstable_importModule(file) {
    runs += 1;
    try {
      await import(`${pathToFileURL(file).href}?run=${runs}`);
    } catch (error) {
      throw withoutRun(error);
    }
  }

  unstable_shouldLoadAsEsm() {
    return true;
  }

  requireModule(file) {
    return require(file);
  }

  /** Jest's own test framework: its state is that of one test file. */
  requireInternalModule(file) {
    delete require.cache[file];
    return require(file);
  }

  clearAllMocks() {
    this.#environment.moduleMocker.clearAllMocks();
  }
  resetAllMocks() {
    this.#environment.moduleMocker.resetAllMocks();
  }
  restoreAllMocks() {
    this.#environment.moduleMocker.restoreAllMocks();
  }
  teardown() {
    this.restoreAllMocks();
  }

  // Parts of jest that nothing here needs.
  enterTestCode() {}
  leaveTestCode() {}
  resetModules() {}
  getSourceMaps() {
    return new Map();
  }
  getAllCoverageInfoCopy() {}
};
