'use strict';
/**
 * The environment of the jest projects whose tests run in plain Node (see runtime.cjs): the process itself. What a test
 * file leaves in it is taken back, so that the next file of the same worker finds it as this one did.
 */
const { ModuleMocker } = require('jest-mock');
const { withoutRun } = require('./hooks.cjs');

/** What jest keeps about one test file. The `expect` that all files share keeps its own. */
const OF_ONE_FILE = new Set(['EVENT_HANDLERS', 'JEST_STATE_SYMBOL', 'TEST_TIMEOUT_SYMBOL']);

module.exports = class PlainNode {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  fakeTimers = null;
  fakeTimersModern = null;
  #console = globalThis.console;
  #exit = process.exit;
  #env = { ...process.env };

  async setup() {}

  /** The address of a module names the run (see hooks.cjs), which nobody wants to read in a failure. */
  handleTestEvent({ name, test }) {
    if (name !== 'test_done') return;
    for (const failure of test.errors.flat()) withoutRun(failure);
  }

  async teardown() {
    for (const key of Object.getOwnPropertySymbols(globalThis)) {
      if (OF_ONE_FILE.has(key.description)) delete globalThis[key];
    }
    globalThis.console = this.#console;
    process.exit = this.#exit;
    for (const name of Object.keys(process.env)) if (!(name in this.#env)) delete process.env[name];
    Object.assign(process.env, this.#env);
  }

  /** Jest insists on the method; nothing here runs in a context of its own. */
  getVmContext() {
    return null;
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }
};
