/**
 * However Redis is given, and whatever is wrong with it, nothing that anybody prints shows the secret.
 */
import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import { readConfig as readElevatorConfig } from '@marblerun/elevator';
import { readConfig as readMonitorConfig } from '@marblerun/monitor';
import fc from 'fast-check';
import { Marble } from 'marblerun';
import { describeRedis, mistakeInRedis, parseRedis, type RedisForm } from 'marblerun/communicator';

/** A part of every secret that survives every encoding: a text that contains it shows the secret. */
const CORE = 'S3cr3tC0re';
const shows = (text: string) => text.toLowerCase().includes(CORE.toLowerCase());

const edge = fc.oneof(
  fc.constant(''),
  fc.string({ maxLength: 6 }),
  fc.string({
    unit: fc.constantFrom(' ', '/', '?', '#', '@', '%', ':', '[', '{', '"', "'", '\\', '&', '\n', '\t', '\0', 'é'),
    maxLength: 4,
  }),
);
const secret = fc.tuple(edge, edge).map(([before, after]) => `${before}${CORE}${after}`);

/** The address of Redis as people write it, and as they mistype it. */
const TEXTS: readonly ((secret: string) => string)[] = [
  (s) => `redis://:${s}@h`,
  (s) => `redis://u:${s}@h:7000/2`,
  (s) => `rediss://u:${s}@[::1]:7000`,
  (s) => `redis://${s}@h`,
  (s) => `redis://${s}:@h`,
  (s) => `redis://:${s}`,
  (s) => `redis://u:${s}`,
  (s) => `redis://u:${s}@`,
  (s) => `redis://h:${s}`,
  (s) => `redis://h/${s}`,
  (s) => `redis://h:6379/0/${s}`,
  (s) => `redis://h?password=${s}`,
  (s) => `redis://h/0?auth=${s}&db=1`,
  (s) => `redis://h#${s}`,
  (s) => `redis://u:p@${s}@h`,
  (s) => `redis:/u:${s}@h`,
  (s) => `redis:u:${s}@h`,
  (s) => `REDIS://u:${s}@h`,
  (s) => `http://u:${s}@h`,
  (s) => `${s}://h`,
  (s) => `u:${s}@h:6379`,
  (s) => `${s}@h`,
  (s) => s,
  (s) => `"redis://:${s}@h"`,
  (s) => `redis-cli -h h -a ${s}`,
  (s) => `unix:${s}`,
  (s) => `{"host":"h","password":"${s}"`,
  (s) => `{"password":"${s}"}`,
  (s) => `{'password':'${s}'}`,
  (s) => JSON.stringify({ host: 'h', password: s }),
  (s) => JSON.stringify({ host: 'h', username: 'u', password: [s] }),
  (s) => JSON.stringify({ url: `redis://:${s}@h` }),
  (s) => JSON.stringify([{ password: s }]),
  (s) => JSON.stringify(s),
];
const text = fc
  .tuple(fc.constantFrom(...TEXTS), secret, fc.boolean())
  .map(([write, s, encoded]) => write(encoded ? encodeURIComponent(s) : s));

const FIELDS = [
  ...['host', 'port', 'path', 'cluster', 'sentinels', 'master', 'db', 'username', 'password', 'passwordFile', 'tls'],
  ...['sentinelUsername', 'sentinelPassword', 'sentinelPasswordFile', 'sentinelTls', 'pasword', 'url', 'Password'],
];
const value = secret.chain((s) =>
  fc.constantFrom<unknown>(
    ...[s, [s], { caFile: s }, { certFile: [s] }, { keyFile: s, [FIELDS[8]!]: s }, [`${s}@h:1`], `h:${s}`, `u:${s}@h`],
    ...['h', 6379, true, null, ['h:1']],
  ),
);
const likely = fc.dictionary(fc.constantFrom(...FIELDS), value, { minKeys: 1, maxKeys: 4 });
const right = fc
  .tuple(
    fc.constantFrom<RedisForm>(
      ...[{ host: 'h' }, { path: '/s' }, { cluster: ['h:1'] }, { sentinels: ['h:1'], master: 'm' }],
    ),
    fc.constantFrom({}, { username: 'u' }, { tls: true }),
    secret,
  )
  .map(([place, more, password]) => ({ ...place, ...more, password }));
const long = fc.oneof(likely, right);

/** Everything that is told where Redis is. */
const READERS: readonly ((given: unknown) => unknown)[] = [
  (given) => parseRedis(given),
  (given) => new Marble({ redis: given as string }).close(),
  (given) => readMonitorConfig({ MARBLERUN_REDIS: asText(given) }),
  (given) => readMonitorConfig({ REDIS_URL: asText(given) }),
  (given) => readElevatorConfig({ MARBLERUN_LANES: lanesTo(given), MARBLERUN_REDIS: 'redis://h' }),
  (given) => readElevatorConfig({ MARBLERUN_LANES: lanesTo('redis://h'), MARBLERUN_REDIS: asText(given) }),
];
const asText = (given: unknown) => (typeof given === 'string' ? given : JSON.stringify(given));
const lanesTo = (redis: unknown) =>
  JSON.stringify({ runs: { a: { redis }, b: {} }, lanes: [{ name: 'up', from: 'a', to: 'b' }] });

/**
 * Describes a form that is right, for a look at what is shown. This works only where the secret stands as a secret, and
 * nowhere else.
 */
function described(form: RedisForm): string {
  const place = { ...form, username: '', password: '', passwordFile: '', tls: false };
  return shows(JSON.stringify(place)) ? '' : describeRedis(form);
}

test.each([
  ['a text', text],
  ['the long form', long],
] as const)('%s, right or wrong: no message of anybody shows the secret', (_what, forms) => {
  let refused = 0;
  let taken = 0;
  fc.assert(
    fc.property(forms as fc.Arbitrary<unknown>, (given) => {
      for (const read of READERS) {
        try {
          read(given);
          taken++;
        } catch (error) {
          refused++;
          expect((error as { code?: string }).code).toMatch(/^MR_BAD_/);
          const printed = `${(error as Error).stack}${inspect(error, { depth: 9, showHidden: true })}`;
          expect([printed, shows(printed)]).toEqual([printed, false]);
        }
      }
      if (mistakeInRedis(given) === undefined) expect(shows(described(parseRedis(given)))).toBe(false);
    }),
    { numRuns: 400 },
  );
  expect(refused).toBeGreaterThan(100);
  expect(taken).toBeGreaterThan(100);
});
