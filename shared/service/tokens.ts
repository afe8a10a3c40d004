/**
 * Bearer tokens, as a list, so that a new one can be let in before the old one goes; a file has one a line. Each may
 * carry the name of its owner (`name:token`), by which the log knows who asked. A token without a name is known by a
 * fingerprint.
 *
 * What may go wrong: a list is given and has no token in it. That is a mistake, since without any token reads are open.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

export interface Token {
  readonly name: string;
  /** A digest of the token. It has the same length for all tokens, so a comparison tells nothing. */
  readonly digest: Buffer;
}

const FORM = /^(?:([A-Za-z0-9._-]{1,64}):)?([A-Za-z0-9._~+/-]+=*)$/;
const SHORTEST = 16;

export const tokens = z
  .string()
  .transform((list, context) => {
    const words = list.split(/[\s,]+/).filter((word) => word !== '');
    if (words.length === 0) context.addIssue('holds no token');
    return words.flatMap((word) => {
      const [, name, token] = FORM.exec(word) ?? [];
      if (token === undefined)
        context.addIssue('must be A-Z a-z 0-9 . _ ~ + / - only, with a name before it as name:token');
      else if (token.length < SHORTEST) context.addIssue(`each token must have at least ${SHORTEST} characters`);
      else return [asToken(token, name)];
      return [];
    });
  })
  .default([]);

function asToken(token: string, name?: string): Token {
  const digest = digestOf(token);
  return { name: name ?? `token-${digest.toString('hex').slice(0, 8)}`, digest };
}

/** Finds the token in the list. It compares with all of them, so that the time tells nothing. */
export function findToken(list: readonly Token[], presented: string): Token | undefined {
  const digest = digestOf(presented);
  return list.filter((token) => timingSafeEqual(token.digest, digest))[0];
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
