import { expect, test } from '@jest/globals';
import { describeRedis, mistakeInRedis, parseRedis, splitAddress } from './redis-form.js';

test.each([
  ['redis://me:word@cache:7000/2', { host: 'cache', port: 7000, db: 2, username: 'me', password: 'word' }],
  ['/run/redis.sock', { path: '/run/redis.sock' }],
  ['unix:///run/redis.sock', { path: '/run/redis.sock' }],
  ['{"sentinels":["a:1","b:2"],"master":"m","db":3}', { sentinels: ['a:1', 'b:2'], master: 'm', db: 3 }],
  [' {"cluster":["[::1]:7000"],"tls":{"caFile":"/ca"}}', { cluster: ['[::1]:7000'], tls: { caFile: '/ca' } }],
])('%s', (given, form) => {
  expect(parseRedis(given)).toEqual(form);
  expect(parseRedis(form)).toEqual(form);
});

test.each([
  ['localhost:6379', /redis: text without redis:\/\//],
  ['{"password":"hunter2"', /the long form as JSON/],
  ['{"hots":"cache"}', /redis\.hots: there is no such option; did you mean "host"\?/],
  [7, /redis: 7 is not allowed; allowed: an object of options/],
  [{ port: 0 }, /redis\.port: 0 is not allowed; allowed: a whole number from 1 to 65535/],
  [{ cluster: [] }, /redis\.cluster: an empty array .*one or more "host:port"/],
  [{ cluster: ['a:1', 'b'] }, /redis\.cluster: .*"host:port"/],
  [{ cluster: ['a:1'], db: 1 }, /redis\.db: 1 is not allowed; allowed: only 0 with a cluster/],
  [{ cluster: ['a:1'], host: 'a' }, /redis: "host and cluster" .*one of host, path, cluster, sentinels/],
  [{ path: '/s', port: 1 }, /redis\.port: 1 .*only without path/],
  [{ sentinels: ['a:1'] }, /redis\.master: undefined .*both sentinels and master/],
  [{ master: 'm' }, /redis\.sentinels: undefined/],
  [{ password: 'hunter2', passwordFile: '/p' }, /redis\.password: "…" .*only without passwordFile/],
  [{ password: 1234567 }, /redis\.password: "…" .*allowed: text/],
  [{ username: 'me' }, /redis\.username: "…" .*passwordFile/],
  [{ sentinelPassword: 'hunter2' }, /redis\.sentinelPassword: "…" .*sentinels/],
  [{ tls: 'yes' }, /redis\.tls: "…" .*true, false, or an object/],
  [{ tls: { cafile: '/ca' } }, /redis\.tls\.cafile: .*did you mean "caFile"\?/],
  [{ tls: { certFile: '/c' } }, /redis\.tls\.keyFile: undefined .*go together/],
])('%j is refused, and no secret is shown', (given, message) => {
  const attempt = () => parseRedis(given);
  expect(attempt).toThrow(message);
  expect(attempt).toThrow(expect.objectContaining({ code: 'MR_BAD_OPTION' }));
  expect(attempt).toThrow(/^(?!.*(hunter2|1234567))/s);
});

test('for people, without secrets', () => {
  expect(describeRedis({ host: 'h', port: 1, password: 'x', db: 2 })).toBe('h:1/2');
  expect(describeRedis({})).toBe('localhost:6379');
  expect(describeRedis({ path: '/s' })).toBe('/s');
  expect(describeRedis({ cluster: ['a:1', 'b:2'] })).toBe('cluster a:1, b:2');
  expect(describeRedis({ sentinels: ['a:1'], master: 'm', password: 'x' })).toBe('m of the Sentinels a:1');
});

test('a mistake is told as a text, for a service that lists all of them', () => {
  expect(mistakeInRedis('redis://cache')).toBeUndefined();
  expect(mistakeInRedis({ port: 0 })).toMatch(/^redis\.port: 0 is not allowed/);
});

test.each([
  ['cache:7000', 'cache', 7000],
  ['[::1]:7000', '::1', 7000],
  ['fe80::1:7000', 'fe80::1', 7000],
] as const)('the address %s', (address, host, port) => expect(splitAddress(address)).toEqual({ host, port }));
