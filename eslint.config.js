import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { docComments } from './scripts/doc-comments.mjs';

/** Imports go one way: services -> shared/service, shared/marble -> shared/communicator -> ioredis. */
const oneWay = (files, group, message) => ({
  files,
  ignores: ['**/*.test.ts', '**/testing.ts', '**/*-testing.ts'],
  rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
});

export default defineConfig(
  globalIgnores(['**/dist/', '**/node_modules/', '.demo/', 'shared/internal/']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 4],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // What was caught is handed on as it is.
      '@typescript-eslint/prefer-promise-reject-errors': ['error', { allowThrowingUnknown: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
    },
  },
  {
    files: ['**/*.{ts,js,mjs}'],
    plugins: { house: { rules: { 'doc-comments': docComments } } },
    rules: { 'house/doc-comments': 'error' },
  },
  { files: ['**/*.test.ts', 'tests/**/*.ts'], rules: { 'max-lines-per-function': 'off' } },
  // Its peers are installed by `make bench` only, so here its types are not known.
  { files: ['bench/**/*.ts'], extends: [tseslint.configs.disableTypeChecked] },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', setTimeout: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['services/monitor/dashboard/*.js'],
    languageOptions: {
      globals: {
        ...{ document: 'readonly', location: 'readonly', addEventListener: 'readonly' },
        ...{ fetch: 'readonly', AbortSignal: 'readonly', clearTimeout: 'readonly' },
      },
    },
  },
  oneWay(
    ['shared/communicator/**/*.ts'],
    ['**/marble/*', '**/service/*', '@marblerun/*', 'fastify*'],
    'the communicator stands on ioredis alone',
  ),
  oneWay(
    ['shared/marble/**/*.ts'],
    ['ioredis', '**/service/*', '@marblerun/*', 'fastify*'],
    'only the communicator knows Redis; a worker never pulls in a service',
  ),
  oneWay(
    ['services/**/*.ts', 'shared/service/**/*.ts', 'examples/**/*.ts'],
    ['ioredis'],
    'only the communicator knows Redis',
  ),
  prettier,
);
