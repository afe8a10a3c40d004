import { expect, test } from '@jest/globals';
import { parseUrl } from './redis-url.js';

test.each([
  ['redis://cache:7000/2', { host: 'cache', port: 7000, db: 2 }],
  ['redis://cache', { host: 'cache' }],
  ['redis://me:p%40ss@cache', { host: 'cache', username: 'me', password: 'p@ss' }],
  ['redis://:p%3A%2F@cache/', { host: 'cache', password: 'p:/' }],
  ['rediss://[::1]:6380', { host: '::1', port: 6380, tls: true }],
  ['redis://', { host: 'localhost' }],
  ['redis://cache/0', { host: 'cache', db: 0 }],
])('%s', (given, form) => expect(parseUrl(given, 'redis')).toEqual(form));

test.each([
  [
    'localhost:6379',
    /redis: text without redis:\/\/ or rediss:\/\/ is not allowed; allowed: a URL such as redis:\/\/host:6379/,
  ],
  ['http://:hunter2@cache', /redis: a URL of another scheme/],
  ['redis://u:p@hunter2@cache/x', /redis: this path of the URL.*<database>/],
  ['redis://cache?db=1', /redis: .*the long form has all settings/],
  ['redis://:%zz@cache', /percent encoding/],
  ['redis://:hunter2/@cache', /cannot be read.*percent encoding: \/ as %2F/],
  ['redis://u:1#hunter2@cache', /an @ after the host of the URL.*percent encoding/],
  ['redis://:hunter%2@cache', /a % that does not begin a percent encoding/],
  ['redis://hunter2@cache', /a user and no password.*redis:\/\/:password@host/],
  ['redis://:hunter2', /cannot be read.*redis:\/\/user:password@host/],
  ['redis://:hunt\ner2@cache', /a line break is %0A/],
  ['redis://cache:99999', /a URL that cannot be read/],
  ['redis://cache/a', /this path of the URL/],
])('%j is refused, and nothing of it is shown', (given, message) => {
  const attempt = () => parseUrl(given, 'redis');
  expect(attempt).toThrow(message);
  expect(attempt).toThrow(expect.objectContaining({ code: 'MR_BAD_OPTION' }));
  expect(attempt).toThrow(/^(?!.*(hunter2|u:p))/s);
});

test('messages name the place that the URL was given in', () => {
  expect(() => parseUrl('cache', 'REDIS_URL')).toThrow(/^REDIS_URL: /);
});
