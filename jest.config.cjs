/**
 * Two kinds of modules live in this repository (the pack is CommonJS because n8n loads it so, the bridge is ESM because
 * several of its libraries are), so jest runs two kinds of projects. The ESM ones need node's --experimental-vm-modules,
 * which the scripts set.
 */
const swc = (type) => ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type } }];

const esm = (displayName, testMatch) => ({
  displayName,
  testMatch,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': swc('es6') },
  modulePathIgnorePatterns: [
    '<rootDir>/dist',
    '<rootDir>/bridge/dist',
    '<rootDir>/test/e2e/n8n/node_modules',
    '<rootDir>/.cache',
  ],
});

const cjs = (displayName, testMatch) => ({
  ...esm(displayName, testMatch),
  extensionsToTreatAsEsm: [],
  transform: { '\\.ts$': swc('commonjs') },
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
