import js from '@eslint/js';
import communityNodes from '@n8n/eslint-plugin-community-nodes';
import n8nNodesBase from 'eslint-plugin-n8n-nodes-base';
import tseslint from 'typescript-eslint';

const plainNodeScripts = ['**/*.cjs', 'gulpfile.js', 'bridge/bin/*.mjs', 'eslint.config.mjs'];

const BROWSER_GLOBALS = [
  ...['window', 'document', 'location', 'performance', 'crypto', 'indexedDB', 'setTimeout', 'reportError', 'btoa'],
  ...['fetch', 'XMLHttpRequest', 'WebSocket', 'Blob', 'createImageBitmap'],
];

/** Lines of a file. Comments and blank lines count too: a reader scrolls past them as well. */
const FILE_LINES = 350;
const FUNCTION_LINES = 60;

export default tseslint.config(
  { ignores: ['**/node_modules/', '**/dist/', '.cache/', '.wabridge/', 'coverage/', '.pack-*/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      // A list of all projects, since each file belongs to one of them: a third faster than typescript-eslint's service.
      parserOptions: {
        project: [
          'tsconfig.json',
          'bridge/tsconfig.json',
          'test/tsconfig.json',
          'test/tsconfig.pack.json',
          'scripts/tsconfig.json',
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // An interface may be asynchronous for implementations that need it.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: plainNodeScripts,
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: {
        require: 'readonly',
        module: 'writable',
        exports: 'writable',
        process: 'readonly',
        console: 'readonly',
        Buffer: 'readonly',
        __dirname: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
      },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    // Sent to the browser as it is.
    files: ['test/standin/page/*.js'],
    languageOptions: { globals: Object.fromEntries(BROWSER_GLOBALS.map((name) => [name, 'readonly'])) },
    rules: { 'no-unused-vars': ['error', { ignoreRestSiblings: true }] },
  },
  {
    files: ['nodes/**/*.ts', 'credentials/**/*.ts'],
    extends: [communityNodes.configs.recommended],
  },
  {
    files: ['nodes/**/*.ts'],
    plugins: { 'n8n-nodes-base': n8nNodesBase },
    rules: {
      ...n8nNodesBase.configs.nodes.rules,
      // These want string literals where the community-node rules want NodeConnectionTypes.
      'n8n-nodes-base/node-class-description-inputs-wrong-regular-node': 'off',
      'n8n-nodes-base/node-class-description-outputs-wrong': 'off',
    },
  },
  {
    files: ['credentials/**/*.ts'],
    plugins: { 'n8n-nodes-base': n8nNodesBase },
    rules: {
      ...n8nNodesBase.configs.credentials.rules,
      // Wants the slug of a page in n8n's own docs, where the community-node rules want a URL.
      'n8n-nodes-base/cred-class-field-documentation-url-miscased': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Answers of servers are parsed JSON, which tests compare as they are.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
  {
    files: ['**/*.{ts,mjs,cjs,js}'],
    ignores: ['**/*.generated.ts'],
    rules: { 'max-lines': ['error', FILE_LINES] },
  },
  {
    files: ['**/*.{ts,mjs,cjs,js}'],
    // What describes tests is one function that holds all of them.
    ignores: ['test/**/*.{test,suite,checks,bench}.ts'],
    rules: { 'max-lines-per-function': ['error', FUNCTION_LINES] },
  },
  {
    files: ['**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          // Also within another type, as in `as Promise<never>`, but for parameters, which nothing fits.
          selector:
            ':matches(TSAsExpression, TSTypeAssertion) > TSNeverKeyword, :matches(TSAsExpression, TSTypeAssertion) > .typeAnnotation TSNeverKeyword:not(:matches(Identifier, RestElement) TSNeverKeyword)',
          message: 'A cast to never fits everything. Name the type that is meant.',
        },
      ],
    },
  },
);
