/**
 * What a script could come to by its text, and nobody asks of it.
 */
import type { ScriptName } from '@marblerun/internal';

export const NEVER: Readonly<Partial<Record<ScriptName, readonly string[]>>> = {
  swap: ['lpush', 'rpush', 'incr'], // with outputs it is called swapRouting
  transfer: ['rpush'], // to the end of a queue
  giveback: ['lpush'], // to the front
  reclaim: ['lpush'],
  overdue: ['lpush'],
  rights: ['get', 'set'], // it is the trial whether these may be run
  land: ['rpush'], // nothing is expedited on a lane
  // None of these ends a life, so none has to judge a batch by its dead; and what is done by one opens no batch again.
  pop: ['hsetnx', 'hdel'],
  destroy: ['hsetnx', 'hdel'],
  open: ['zrem', 'hdel', 'hsetnx'],
  exhume: ['rpush', 'hsetnx'],
  expire: ['hsetnx'],
  swapMembers: ['lpush', 'rpush', 'hsetnx'], // with outputs it is called swapMembersRouting
  dispatch: ['get'], // what is refused is asked of members alone
  seal: ['hdel'],
  cancel: ['hdel'],
  discard: ['hsetnx', 'hdel'],
  progress: ['hdel'],
  promote: ['rpush', 'hdel'],
  bury: ['hdel'],
  dispatchMembers: ['zrem', 'hdel'],
};
