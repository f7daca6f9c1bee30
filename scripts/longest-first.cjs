'use strict';
/**
 * The order in which jest starts test files: those that are known to take minutes first, so that none of them is left
 * running alone at the end while the other workers have nothing to do. The rest follows in jest's own order.
 */
const { existsSync } = require('node:fs');
const path = require('node:path');
const { default: Sequencer } = require('@jest/test-sequencer');

const root = path.resolve(__dirname, '..');

/** Longest first. */
const LONG = [
  'test/e2e/staging.test.ts',
  'test/browser/webjs.health.test.ts',
  'test/browser/conformance.serialized.chromium.test.ts',
  'test/browser/webjs.busy.test.ts',
  'test/e2e/quarantine.test.ts',
  'test/conformance/redis-failures.test.ts',
  'test/conformance/torture.test.ts',
  'test/conformance/outbox-kill.test.ts',
  'test/browser/webjs.away.test.ts',
  'test/bridge/cli/cli.test.ts',
  'test/e2e/webjs-kill.test.ts',
  'test/e2e/start.test.ts',
  'test/browser/conformance.renamed.shell.test.ts',
  'test/e2e/kill.test.ts',
  'test/e2e/green-means-sent.test.ts',
  'test/conformance/postgres/outages.test.ts',
  'test/browser/webjs.catch-up.test.ts',
  'test/browser/defences/11-13-left-behind.test.ts',
  'test/browser/standin-faults.test.ts',
  'test/browser/send-kills.test.ts',
  'test/bridge/cli/start-failures.test.ts',
  'test/browser/live-doctor.test.ts',
  'test/bridge/stream/backlog.test.ts',
  'test/e2e/refusals.test.ts',
  'test/bridge/stream/access-matrix.test.ts',
  'test/browser/many-sessions.test.ts',
  'test/bridge/cli/live-doctor.test.ts',
].map((file) => path.join(root, file));

const missing = LONG.filter((file) => !existsSync(file));
if (missing.length > 0)
  throw new Error(`scripts/longest-first.cjs names files that do not exist: ${missing.join(', ')}`);

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path: file }) => (LONG.includes(file) ? LONG.indexOf(file) : LONG.length);
    return [...super.sort(tests)].sort((a, b) => place(a) - place(b));
  }
};
