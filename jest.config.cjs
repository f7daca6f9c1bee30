/**
 * Two kinds of modules live in this repository: the bridge is ESM because several of its libraries are, and its tests run
 * in plain Node (test/native/runtime.cjs). The pack is CommonJS because n8n loads it so, and its tests run in jest's own
 * module system.
 */
const project = (displayName, testMatch) => ({
  displayName,
  testMatch,
  // What runs in plain Node is not transformed.
  transform: {},
  injectGlobals: false,
  modulePathIgnorePatterns: [
    '<rootDir>/dist',
    '<rootDir>/bridge/dist',
    '<rootDir>/test/e2e/n8n/node_modules',
    '<rootDir>/.cache',
  ],
});

const esm = (displayName, testMatch) => ({
  ...project(displayName, testMatch),
  testEnvironment: '<rootDir>/test/native/environment.cjs',
  runtime: '<rootDir>/test/native/runtime.cjs',
});

const cjs = (displayName, testMatch) => ({
  ...project(displayName, testMatch),
  testEnvironment: 'node',
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' } },
    ],
  },
});

module.exports = {
  // Many tests open databases, threads and servers, which takes seconds on a busy machine; none waits this long by intent.
  testTimeout: 60_000,
  projects: [
    esm('unit', [
      '<rootDir>/test/bridge/**/*.test.ts',
      '<rootDir>/test/contract/**/*.test.ts',
      '<rootDir>/test/repository/**/*.test.ts',
    ]),
    cjs('pack', ['<rootDir>/test/nodes/**/*.test.ts', '<rootDir>/test/credentials/**/*.test.ts']),
    esm('conformance', ['<rootDir>/test/conformance/**/*.test.ts']),
    esm('browser', ['<rootDir>/test/browser/**/*.test.ts']),
    esm('e2e', ['<rootDir>/test/e2e/*.test.ts']),
    esm('long', ['<rootDir>/test/long/**/*.test.ts']),
  ],
};
