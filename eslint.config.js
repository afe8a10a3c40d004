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

/** Files whose doc comments do not keep the rule yet: mend the comments of one and take it out here. */
const notYetMended = [
  'scripts/os-packages.mjs',
  'services/monitor/api-schemas.ts',
  'services/monitor/api-views.ts',
  'services/monitor/api.ts',
  'services/monitor/dashboard/queues.js',
  'services/monitor/dashboard/run-view.js',
  'services/monitor/metrics.ts',
  'services/monitor/most-telling.ts',
  'services/monitor/reading.ts',
  'services/monitor/run-monitor.ts',
  'services/monitor/start.ts',
  'shared/marble/bad-options.test.ts',
  'shared/marble/environment.ts',
  'shared/marble/held-marble.test.ts',
  'shared/marble/held-marble.ts',
  'shared/marble/json-loss.ts',
  'shared/marble/kept-back.ts',
  'shared/marble/loop.ts',
  'shared/marble/marble.ts',
  'shared/marble/send-options.ts',
  'shared/service/closing.ts',
  'shared/service/connections.ts',
  'shared/service/loop.ts',
  'shared/service/server.ts',
  'shared/service/troubles.ts',
  'tests/chaos/batch-mutants.ts',
  'tests/client-environment.test.ts',
  'tests/containers/files.test.ts',
  'tests/containers/images.test.ts',
  'tests/containers/stack.ts',
  'tests/digests.test.ts',
  'tests/failing-commands/batch-place.ts',
  'tests/failing-commands/batch-scenarios.ts',
  'tests/failing-commands/failing-commands.test.ts',
  'tests/failing-commands/member-scenarios.ts',
  'tests/failing-commands/never.ts',
  'tests/failing-commands/place.ts',
  'tests/failing-commands/scenarios.ts',
  'tests/failing-commands/watched.ts',
  'tests/k8s/policy.ts',
  'tests/made-of.test.ts',
  'tests/model/batch-model.ts',
  'tests/model/batch-moves.ts',
  'tests/model/batch-snapshot.ts',
  'tests/model/draws.ts',
  'tests/model/games.ts',
  'tests/model/holder-model.ts',
  'tests/model/lane-model.ts',
  'tests/model/moves.ts',
  'tests/model/outputs.ts',
  'tests/model/run-model.ts',
  'tests/model/world.ts',
  'tests/observability/alert-times.ts',
  'tests/observability/autoscaling.test.ts',
  'tests/observability/faults.ts',
  'tests/observability/prometheus.ts',
  'tests/packages/typed.ts',
  'tests/redis-forms/acl.test.ts',
  'tests/redis-forms/basic-story.ts',
  'tests/sbom.test.ts',
  'tests/security/redis-secrets.test.ts',
];

export default defineConfig(
  globalIgnores(['**/dist/', '**/node_modules/', '.demo/']),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
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
  { files: notYetMended, rules: { 'house/doc-comments': 'off' } },
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
