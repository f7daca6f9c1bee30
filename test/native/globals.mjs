/** What `@jest/globals` is to the test file that is being loaded. */
const globals = globalThis[Symbol.for('wabridge.jest-globals')];
export const { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest, test } = globals;
