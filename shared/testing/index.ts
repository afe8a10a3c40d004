export { testRun, TestRun, type TestRunOptions } from './test-run.js';
export { fakeMarble, FakeMarble, type FakeMarbleOptions, type Sent } from './fake-marble.js';
