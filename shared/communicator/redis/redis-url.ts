/**
 * Reads a Redis URL. What may go wrong: MR_BAD_OPTION, which says what is wrong with the URL and shows nothing of it.
 * In a malformed URL, a password may be in any part.
 */
import { MarbleRunError } from '../../errors.js';
import type { RedisForm } from './redis-form.js';

const ALLOWED = 'a URL such as redis://host:6379, the path of a Unix socket, or the long form';
const ENCODED = 'user and password in percent encoding: / as %2F, ? as %3F, # as %23, % as %25, @ as %40';

export function parseUrl(given: string, where: string): RedisForm {
  const { protocol, hostname, port, pathname, username, password, search, hash } = readUrl(given, where);
  const db = /^\/?(\d*)$/.exec(pathname)?.[1];
  if (hasStrayAt(given)) refuse(where, 'an @ after the host of the URL', ENCODED);
  if (search !== '' || hash !== '')
    refuse(where, 'a ? or # in the URL', 'redis://user:password@host:6379/0; the long form has all settings');
  if (db === undefined) refuse(where, 'this path of the URL', 'a number as its path: redis://host:6379/<database>');
  if (username !== '' && password === '')
    refuse(
      where,
      'a URL with a user and no password',
      'redis://user:password@host; redis://:password@host without a user',
    );
  return {
    host: hostname.replace(/^\[|\]$/g, '') || 'localhost',
    ...(port && { port: Number(port) }),
    ...(db && { db: Number(db) }),
    ...(username && { username: decode(username, where) }),
    ...(password && { password: decode(password, where) }),
    ...(protocol === 'rediss:' && { tls: true }),
  };
}

function readUrl(given: string, where: string): URL {
  // A URL parser would leave these out without a word, and the password would be another one.
  if (/[\s\p{Cc}]/u.test(given))
    refuse(where, 'text with a blank or a line break', `${ALLOWED}; in a URL a line break is %0A, a blank %20`);
  const [scheme] = /^[a-z]+:\/\//.exec(given) ?? [];
  if (scheme === undefined) refuse(where, 'text without redis:// or rediss://', ALLOWED);
  if (scheme !== 'redis://' && scheme !== 'rediss://') refuse(where, 'a URL of another scheme', ALLOWED);
  if (URL.canParse(given)) return new URL(given);
  if (hasStrayAt(given)) refuse(where, 'a URL that cannot be read', ENCODED);
  return refuse(where, 'a URL that cannot be read', `${ALLOWED}; with a password redis://user:password@host:6379`);
}

/** True for an @ after / ? or #. It most often means a password that holds one of these. */
function hasStrayAt(given: string): boolean {
  return /^rediss?:\/\/[^/?#]*[/?#].*@/.test(given);
}

function decode(part: string, where: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return refuse(where, 'a % that does not begin a percent encoding', ENCODED);
  }
}

function refuse(where: string, what: string, allowed: string): never {
  throw new MarbleRunError('MR_BAD_OPTION', `${where}: ${what} is not allowed; allowed: ${allowed}`);
}
