export { testRun, TestRun, type TestRunOptions } from './test-run.js';
export { fakeMarble, type FakeMarble, type FakeMarbleOptions, type Sent } from './fake-marble.js';
