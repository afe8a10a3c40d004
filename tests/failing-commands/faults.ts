/**
 * The two ways in which one command of a script fails and the others do not: a missing right, and a key of another
 * type.
 */
import type { ErrorCode } from 'marblerun/communicator';
import type { Place } from './place.js';
import type { Seen } from './watched.js';

export interface Fault {
  readonly what: string;
  /** The code that the error must have; the name is the one that its message must have. */
  readonly code: ErrorCode;
  readonly name: string;
  /** Spoils the place. Returns a function that mends it. */
  readonly spoil: (place: Place) => Promise<() => Promise<void>>;
}

export function faultsOf({ commands, written }: Seen): Fault[] {
  return [...[...commands].map(withoutRight), ...[...written].map(wrongType)];
}

function withoutRight(command: string): Fault {
  return {
    what: `without the right to ${command}`,
    code: 'MR_REDIS_AUTH',
    name: command,
    async spoil({ redis, run }) {
      await redis.acl('SETUSER', run, `-${command}`);
      return async () => {
        await redis.acl('SETUSER', run, `+${command}`);
      };
    },
  };
}

/**
 * Puts a key of another type in place of the real one, and brings the real one back afterwards, so that the test itself
 * loses nothing.
 */
function wrongType(role: string): Fault {
  return {
    what: `where ${role} has another type`,
    code: 'MR_REDIS_WRONG_TYPE',
    name: role.split('*')[0]!,
    async spoil({ redis, run }) {
      const pattern = `mr:{${run}}:${role}`;
      const found = role.includes('*') ? await redis.keys(pattern) : [pattern];
      const spoilt: { key: string; existed: boolean }[] = [];
      for (const key of found) {
        const existed = (await redis.exists(key)) === 1;
        if (existed) await redis.rename(key, `aside:${key}`);
        await redis.xadd(key, '*', 'not', 'this'); // a stream is the wrong type for every command of the scripts
        spoilt.push({ key, existed });
      }
      return async () => {
        for (const { key, existed } of spoilt) {
          await redis.del(key);
          if (existed) await redis.rename(`aside:${key}`, key);
        }
      };
    },
  };
}
