import { availableParallelism } from 'node:os';

/** Tests run as they are built: native ES modules, no transform, so what is tested is what is shipped. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/**/dist/**/*.test.js'],
  testPathIgnorePatterns: ['/node_modules/'],
  transform: {},
  globalSetup: '<rootDir>/tests/global-setup.mjs',
  globalTeardown: '<rootDir>/tests/global-teardown.mjs',
  testTimeout: 60_000,
  slowTestThreshold: 30,
  // Most tests wait: for a lease, a timeout, a process. By itself Jest would leave a core unused.
  maxWorkers: Math.max(2, availableParallelism()),
  // A client that a test leaves open goes on asking for its Redis; that must not hold up everybody.
  forceExit: true,
};
