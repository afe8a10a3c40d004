import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { busTimeouts, timeoutVariables } from './bus-timeouts.js';
import { readEnvironment } from './environment.js';

const schema = z.object(timeoutVariables({ connectTimeoutMs: 5000, retryTimeoutMs: 6000, replyTimeoutMs: 3000 }));
const read = (env: NodeJS.ProcessEnv) => busTimeouts(readEnvironment(schema, env));

test('the timeouts of a service are its own unless they are set', () => {
  expect(read({})).toEqual({ connectTimeoutMs: 5000, retryTimeoutMs: 6000, replyTimeoutMs: 3000 });
  expect(
    read({
      ...{ MARBLERUN_CONNECT_TIMEOUT_MS: '60000', MARBLERUN_RETRY_TIMEOUT_MS: '100' },
      MARBLERUN_REPLY_TIMEOUT_MS: '120000',
    }),
  ).toEqual({ connectTimeoutMs: 60_000, retryTimeoutMs: 100, replyTimeoutMs: 120_000 });
});

test.each(['MARBLERUN_CONNECT_TIMEOUT_MS', 'MARBLERUN_RETRY_TIMEOUT_MS', 'MARBLERUN_REPLY_TIMEOUT_MS'])(
  '%s: 0 is refused by name',
  (name) => expect(() => read({ [name]: '0' })).toThrow(name),
);
